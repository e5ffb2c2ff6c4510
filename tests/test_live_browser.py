"""The live network in a real browser: it waits, trains, stops, fits, and obeys a content security policy."""

import numpy as np
import pytest
import torch

from backprop.engine import training
from backprop.engine.networks import Architecture, initial_weights
from backprop.experiments.symmetry import measures
from tests.test_live import NAMES, PAPER, STORY, findings, page

STILL = """# A page

::: {.live}
![A network. [Seed 1.]{.still}](figure:still){#fig:still alt="A picture of a network."}
:::
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 30"><path d="M0 0L90 30" stroke="blue"/></svg>'


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The address of a page with the live network, under a policy that allows its scripts by their hashes alone."""
    folder = tmp_path_factory.mktemp("live")
    still = folder / "still.svg"
    still.write_text(SVG, encoding="utf-8")
    html = page(STILL, findings(NAMES), {"still": still})
    path = folder / "page.html"
    path.write_text(html, encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def opened(browser, address):
    """Opens the page with the options of a browser context; no error and no request may follow."""
    problems, contexts = [], []

    def note(problem, is_one=True):
        if is_one:
            problems.append(problem)

    def open_page(**options):
        contexts.append(browser.new_context(**options))
        tab = contexts[-1].new_page()
        tab.on("console", lambda message: note(message.text, message.type == "error"))
        tab.on("pageerror", lambda error: note(str(error)))
        tab.on("request", lambda request: note(request.url, not request.url.startswith(("file:", "data:"))))
        tab.goto(address)
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert not problems


def text(tab, part):
    return tab.inner_text(f'[data-part="{part}"]')


def solved_by_the_engine():
    """The sweep at which the engine, in double precision, solves the task of the page's first network."""
    inputs = measures.cases()
    targets = np.where(measures.is_palindrome(inputs), 0.9, 0.1)[:, None]
    architecture = Architecture((6, 2, 1))
    engine = training.train(
        training.Task(architecture, torch.tensor(inputs), torch.tensor(targets)),
        initial_weights(architecture, [STORY["settings"]["seed"]], PAPER["weight_range"], dtype=torch.float64),
        training.Descent(PAPER["epsilon"], PAPER["alpha"]),
        5000,
        criteria=training.Criteria((0.4,)),
        dtype=torch.float64,
    )
    return int(engine.first_sweep[0, 0])


def test_it_waits_for_the_reader_and_then_solves_the_task_at_the_engines_sweep(opened):
    tab = opened()
    tab.wait_for_timeout(300)
    assert text(tab, "sweep") == "0", "it never starts without the reader"
    tab.select_option("[name=speed]", "Infinity")
    tab.focus('[data-part="play"]')
    tab.keyboard.press("Enter")
    expected = solved_by_the_engine()
    tab.wait_for_function("document.querySelector('[data-part=play]').textContent === 'Play'")
    assert text(tab, "solved") == f"sweep {expected:,}"
    assert "Solved: " + text(tab, "solved") in text(tab, "status")


def test_a_story_and_a_changed_setting_start_the_network_again(opened):
    tab = opened()
    tab.get_by_role("button", name="One sweep").press("Enter")
    assert text(tab, "sweep") == "1"
    tab.get_by_label("mean", exact=True).press("Space")
    assert text(tab, "sweep") == "0"
    tab.get_by_role("button", name="zero biases").press("Enter")
    assert tab.get_attribute("[data-story][aria-pressed=true]", "aria-describedby") == "live-zero-biases"
    tab.get_by_role("button", name="Pause").press("Enter")
    assert tab.is_visible("#live-zero-biases") and not tab.is_visible("#live-late")
    tab.fill("[name=alpha]", "2")
    tab.press("[name=alpha]", "Tab")
    assert not tab.evaluate("document.querySelector('form').checkValidity()")


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_scrolls_sideways_and_text_is_readable(opened, width):
    tab = opened(viewport={"width": width, "height": 900})
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    sizes = "[...document.querySelectorAll('.live-stage svg')].map(s => s.getScreenCTM().a * 11.5)"
    assert min(tab.evaluate(sizes)) >= 11


def test_in_print_and_without_scripts_the_still_picture_takes_its_place(opened):
    picture, sentence = "#fig\\:still .drawing svg", "text=Seed 1."
    tab = opened()
    assert tab.is_visible(".live-network") and not tab.is_visible(picture) and not tab.is_visible(sentence)
    tab.emulate_media(media="print")
    assert not tab.is_visible(".live-network") and tab.is_visible(picture) and tab.is_visible(sentence)
    tab = opened(java_script_enabled=False)
    assert not tab.is_visible(".live-network") and tab.is_visible(picture) and tab.is_visible(sentence)


COUNT_DRAWINGS = """() => {
  window.drawings = 0;
  const shown = document.querySelector("[data-part=sweep]");
  new MutationObserver(() => window.drawings++).observe(shown, { childList: true });
}"""


def test_with_reduced_motion_the_drawing_changes_once_a_second(opened):
    tab = opened(reduced_motion="reduce")
    tab.evaluate(COUNT_DRAWINGS)
    tab.get_by_role("button", name="Play").press("Enter")
    tab.wait_for_timeout(1500)
    assert 1 <= tab.evaluate("window.drawings") <= 4, "at the start, and then once a second"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_improve(opened, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    tab = opened(color_scheme=scheme, bypass_csp=True)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    results = axe.Axe().run(tab, context="main", options={"runOnly": tags}).response
    assert results["passes"]
    assert [violation["id"] for violation in results["violations"]] == []

"""Terms, references and headings explain themselves, by mouse, keyboard and touch, and without scripts."""

import base64
import hashlib
import re

import pytest

from backprop.documents import glossary, pages
from backprop.protocol import UserError

TEXT = """# Sweeps {#sec:a}

The *targets* of a network [@wilson1927] are learned in sweeps (**hidden units**); another sweep changes the targets.
Its [cap](#sec:a) is code `cap`, see @fig:a and @sec:a, and $sweep$.

![A plateau in a picture.](figure:a/b){#fig:a alt="A line."}

# References {.unnumbered}

::: {#refs}
:::
"""
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="90pt" height="30pt" viewBox="0 0 40 10"><path d="M0 0L9 9"/></svg>'
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "b.svg"
    path.write_text(SVG, encoding="utf-8")
    html = pages.to_html(glossary.with_terms(pages.parse(TEXT)), {"title": "T"}, {"a/b": path})
    scripts = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    policy = f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; font-src data:; img-src data:"
    return html.replace("<head>", f'<head>\n<meta http-equiv="Content-Security-Policy" content="{policy}">', 1)


def terms(markdown):
    """The words that are marked, in their order."""
    document = glossary.with_terms(pages.parse(markdown))
    raw = [e["c"][1] for e in pages.elements(document["blocks"]) if e["t"] == "RawInline"]
    return [match[1] for html in raw if (match := re.search(r"<button[^>]*>(.*?)</button>", html))]


def test_the_first_use_of_each_term_in_prose_is_marked():
    """In emphasis too, of several words, with marks around it; not in headings, links, code, formulas or captions."""
    assert terms(TEXT) == ["targets", "sweeps", "hidden units"]
    assert terms("Two (Sweeps), three sweeps.") == ["Sweeps"]
    assert terms("A fresh sweep with fresh\nseeds and a seed") == ["sweep", "fresh seeds", "seed"]
    assert terms("# sweep\n\n| sweep |\n|---|\n| cap |\n\n    sweep\n\nsweeping") == []


def test_a_term_is_a_button_that_opens_its_meaning(page):
    (id_,) = re.findall(r'<button type="button" class="term" popovertarget="([^"]+)">\s*sweeps</button>', page)
    assert re.search(rf'<span popover(="")? id="{id_}" class="preview">One pass over all\s+cases', page)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sweep: {words: [sweep]}", "the entry 'sweep' must hold words, meaning and nothing else"),
        ("sweep: {words: [], meaning: a}", "'sweep' needs a list of words and a meaning"),
        ("a: {words: [x], meaning: a}\nb: {words: [X], meaning: b}", "'X' is a form of two terms"),
    ],
)
def test_a_mistake_in_the_glossary_is_named(tmp_path, text, words):
    (tmp_path / "glossary.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=words):
        glossary.read(tmp_path / "glossary.yaml")


def test_each_heading_has_a_link_to_itself(page):
    assert re.search(r'<h2[^>]*id="sec:a"[^>]*>.*?<a class="anchor" href="#sec:a" aria-label="[^"]+"></a></h2>', page)
    contents = page[page.index('<nav class="contents"') : page.index("</nav>")]
    assert "anchor" not in contents


@pytest.fixture
def tab(browser, page, tmp_path):
    """Opens the page with the options of a browser context; no error may follow."""
    path = tmp_path / "page.html"
    path.write_text(page, encoding="utf-8")
    contexts, problems = [], []

    def open_page(**options):
        contexts.append(browser.new_context(**options))
        tab = contexts[-1].new_page()
        tab.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.goto(path.as_uri())
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert not problems


def test_previews_open_on_hover_and_focus_and_close_on_escape(tab):
    opened = tab()
    shown = opened.locator(".preview:popover-open")
    for words, expected in (
        ("Figure", "A plateau in a picture."),
        ("Section", "Sweeps"),
        ("1927", "Probable inference"),
    ):
        link = opened.locator("main p a", has_text=words).first
        link.hover()
        shown.filter(has_text=expected).wait_for(timeout=3000)
        assert opened.locator("main p a[aria-describedby=preview]").count() == 1
        shown.hover()  # the preview stays while the mouse is on it
        opened.wait_for_timeout(400)
        assert shown.count() == 1
        opened.keyboard.press("Escape")
        assert shown.count() == 0
        opened.mouse.move(0, 0)
    opened.locator("body").click(position={"x": 2, "y": 2})
    for _ in range(30):
        opened.keyboard.press("Tab")
        if opened.evaluate("document.activeElement.matches('.term')"):
            break
    assert "The output that the network is asked for" in shown.inner_text()
    box, word = shown.bounding_box(), opened.locator(".term:focus").bounding_box()
    assert 0 <= box["y"] - word["y"] - word["height"] < 30 or 0 <= word["y"] - box["y"] - box["height"] < 30


@pytest.mark.parametrize(
    "options", [{"java_script_enabled": False}, {"has_touch": True, "viewport": {"width": 400, "height": 800}}]
)
def test_a_term_opens_by_click_without_scripts_and_by_touch(tab, options):
    opened = tab(**options)
    term = opened.locator(".term", has_text="sweeps")
    term.tap() if options.get("has_touch") else term.click()
    shown = opened.locator(".preview:popover-open")
    assert "One pass over all cases" in shown.inner_text()
    box = shown.bounding_box()
    if options.get("has_touch"):
        word = term.bounding_box()
        assert 0 <= box["y"] - word["y"] - word["height"] < 30 or 0 <= word["y"] - box["y"] - box["height"] < 30
    assert box["x"] >= 0 and box["x"] + box["width"] <= opened.viewport_size["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_open_preview_is_no_barrier(tab, scheme):
    from axe_playwright_python.sync_playwright import Axe

    opened = tab(color_scheme=scheme)
    opened.locator("main p a", has_text="Figure").hover()
    opened.locator("#preview:popover-open").wait_for(timeout=3000)
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = Axe().run(opened, options={"runOnly": rules}).response["violations"]
    assert not [(problem["id"], problem["nodes"][0]["html"][:200]) for problem in found]

"""The pages in a real browser: nothing is loaded, nothing scrolls sideways, and axe finds no barrier.

Chromium comes from the system. Without it these tests are skipped, but in CI a missing browser is a failure.
"""

import contextlib
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

pytestmark = pytest.mark.pipeline

PAGES = ("report/report.html", "report/labs.html", "assignment/assignment.html")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextlib.contextmanager
def opened(browser, path, width=1280, scheme="light"):
    """A page from a file, with the requests that left it and the errors in its console."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    requests, errors = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(path.as_uri())
    yield page, [url for url in requests if url != path.as_uri() and not url.startswith("data:")], errors
    page.close()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_complete_fits_and_has_no_barrier(browser, finished, name, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    with opened(browser, finished / "results" / name, width, scheme) as (page, requests, errors):
        assert not requests and not errors
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
        assert not [(problem["id"], problem["nodes"][0]["html"][:200]) for problem in found]


SMALLEST_TEXT = """() => Math.min(...[...document.querySelectorAll(".drawing text")]
  .filter(text => text.getClientRects().length)
  .map(text => parseFloat(getComputedStyle(text).fontSize) * text.ownerSVGElement.getScreenCTM().a))"""
STOPS = """() => [...document.querySelectorAll(".drawing, .table-box, .formula")]
  .filter(box => (box.scrollWidth > box.clientWidth) !== (box.tabIndex === 0))
  .map(box => box.outerHTML.slice(0, 120))"""
PALE = """() => {
  const luminance = colour => {
    const part = colour.match(/[\\d.]+/g).slice(0, 3).map(p => p / 255)
      .map(p => p <= 0.04045 ? p / 12.92 : ((p + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
  };
  const paper = luminance(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll(".drawing text")].filter(text => !text.closest(".fixed")).filter(text => {
    const pair = [luminance(getComputedStyle(text).fill) + 0.05, paper + 0.05];
    return Math.max(...pair) / Math.min(...pair) < 3;
  }).map(text => text.textContent + " " + getComputedStyle(text).fill);
}"""


@pytest.mark.parametrize("name", PAGES[:2])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (1024, "light"), (400, "light")])
def test_the_text_of_figures_is_large_dark_enough_and_in_the_fonts_of_the_page(browser, finished, name, width, scheme):
    """A figure that is wider than the screen scrolls in its own box, which is then a stop of the Tab key."""
    with opened(browser, finished / "results" / name, width, scheme) as (page, _, _):
        assert page.evaluate(SMALLEST_TEXT) >= 10.99
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(STOPS) == []
        assert page.evaluate(PALE) == []
        fonts = page.evaluate(
            "[...document.querySelectorAll('.drawing text')].map(t => getComputedStyle(t).fontFamily)"
        )
        assert fonts and all(font.startswith('"Report Sans"') for font in fonts)
        assert page.evaluate("document.fonts.check('12px \"Report Sans\"', '10⁻³ × − ε α')")


INJECTED = """<script>window.owned = 1</script><img src="x" onerror="window.owned = 2">
<svg onload="window.owned = 3"></svg><style>body { display: none }</style>
<a href="javascript:owned = 4" id="link">x</a>"""


@pytest.mark.parametrize("name", PAGES)
def test_an_injected_script_does_not_run_and_nothing_is_loaded(browser, finished, tmp_path, name):
    html = (finished / "results" / name).read_text(encoding="utf-8")
    path = tmp_path / "page.html"
    path.write_text(html.replace("</body>", f"{INJECTED}</body>"), encoding="utf-8")
    with opened(browser, path) as (page, _, errors):
        page.evaluate("document.getElementById('link').click()")
        page.wait_for_timeout(200)
        assert page.evaluate("window.owned") is None
        assert page.evaluate("getComputedStyle(document.body).display") != "none"
        assert len([error for error in errors if "Content Security Policy" in error]) >= 4


def test_the_notebook_opens_in_jupyterlab(browser, finished):
    """JupyterLab shows the title, the code and the saved outputs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1"]
    command += ["--IdentityProvider.token=", "--ServerApp.password=", "--LabApp.news_url=None"]
    server = subprocess.Popen(
        command, cwd=finished / "results/assignment", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(120):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/api", timeout=2)
                break
            time.sleep(0.5)
        page = browser.new_page(viewport={"width": 1280, "height": 6000})  # it renders only the cells in view
        page.goto(f"{address}/lab/tree/assignment.ipynb")
        page.get_by_role("heading", name="Task and protocol").wait_for(timeout=60_000)
        page.locator("pre", has_text="net solved right rule").first.wait_for(state="attached", timeout=60_000)
        page.locator(".jp-OutputArea-output :is(svg, img)").first.wait_for(state="attached", timeout=60_000)
        page.close()
    finally:
        server.terminate()
        server.wait(20)

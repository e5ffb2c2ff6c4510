"""What all tests share: one thread, as in the pipeline, one run of the pipeline with few seeds, and a browser."""

import os
import shutil

import pytest

from backprop import threads
from tests import pipeline

threads.use_one()  # with more, small networks wait for each other (measured: 10 times)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A copy of the project in which everything has been built with the quick configuration."""
    folder = pipeline.copy(tmp_path_factory.mktemp("run") / "project")
    run = pipeline.snakemake(folder, *pipeline.QUICK, **pipeline.guarded(folder.parent / "guard", folder))
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")  # Playwright's event loop would disturb the notebook's in other modules
def browser():
    """Headless Chromium, driven by Playwright; without it a test is skipped, but in CI that is a failure."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        report = pytest.fail if os.environ.get("CI") else pytest.skip
        report(f"none of {', '.join(BROWSERS)} is installed")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()

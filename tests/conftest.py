"""What tests share: one thread, as in the pipeline, a run with few seeds, a browser, and images that are easy."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from backprop import threads
from backprop.datasets.archives import sha256
from backprop.results import store
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


@pytest.fixture(scope="session")
def images(tmp_path_factory) -> Path:
    """Images whose bright spot gives the class: easy to learn."""
    draw = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("data") / "FashionMNIST.safetensors"
    arrays: dict[str, np.ndarray] = {}
    for part in ("train", "test"):
        labels = draw.integers(0, 10, 200).astype(np.uint8)
        pictures = draw.integers(0, 60, (200, 28, 28))
        for i, label in enumerate(labels):
            row, column = divmod(int(label), 4)
            pictures[i, 7 * row : 7 * row + 7, 7 * column : 7 * column + 7] = 250
        arrays |= {f"{part}_images": pictures.astype(np.uint8), f"{part}_labels": labels}
    about = {"name": "FashionMNIST", "source": "bundled", "detail": "Artificial images."}
    store.write_arrays(path, arrays, about | {"sha256": {key: sha256(array) for key, array in arrays.items()}})
    return path

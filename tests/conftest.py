"""What all tests share: one thread, as in the pipeline, and one run of the pipeline with few seeds."""

import pytest

from backprop import threads
from tests import pipeline

threads.use_one()  # with more, small networks wait for each other (measured: 10 times)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A copy of the project in which everything has been built with the quick configuration."""
    folder = pipeline.copy(tmp_path_factory.mktemp("project"))
    run = pipeline.snakemake(folder, *pipeline.QUICK)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder

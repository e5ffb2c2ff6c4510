"""The same command gives the same bytes, in any folder, with any number of cores and in any shell."""

import shutil
import subprocess
import sys

import pytest

from backprop.results import manifest
from tests.pipeline import QUICK, copy, snakemake, variables

pytestmark = pytest.mark.pipeline

NAME = 'zwei ü 50%20 "c"'
"""A folder whose name pandoc, a shell or a URL could misread."""

SHELL = {
    "LC_ALL": "C",
    "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "2",
    "PYTHONHASHSEED": "1986",
    "TZ": "Asia/Kolkata",
}
"""Variables of another shell: an ASCII locale, another number of threads, order of sets and time zone."""

SOME = (
    "assignment",
    "equations",
    "line",
    "results/mnist/dropout/networks.parquet",
    "results/symmetry/paper/networks.parquet",
)
"""Targets that take a minute: the compiled sweep, torch, scipy, dropout, figures and the executed notebook."""


@pytest.fixture
def elsewhere(tmp_path):
    """A copy of the project called NAME, with a matplotlibrc that would change each figure."""
    (copy(tmp_path / NAME) / "matplotlibrc").write_text("axes.grid: True\nfont.family: serif\n")
    return tmp_path / NAME


def build(folder, *targets):
    """The digests of the results of a run on one core, with the variables of SHELL and a strict umask."""
    run = snakemake(folder, *targets, *QUICK, cores=1, umask=0o077, **SHELL)
    assert run.returncode == 0, run.stdout + run.stderr
    return manifest.digests(folder / "results")


@pytest.mark.slow
def test_some_results_and_the_documents_are_equal(finished, elsewhere):
    expected = manifest.digests(finished / "results")
    digests = build(elsewhere, *SOME)
    assert {"assignment/assignment.pdf", "line/figures/limit.svg", "mnist/dropout/networks.parquet"} < {*digests}
    assert digests == {name: expected[name] for name in digests}

    shutil.copytree(
        finished / "results", elsewhere / "results", dirs_exist_ok=True, ignore=shutil.ignore_patterns("report", "logs")
    )
    by_hand = [sys.executable, "-m", "backprop", "report"]
    subprocess.run(by_hand, cwd=elsewhere, env=variables(elsewhere) | SHELL, check=True)
    report = {name: digest for name, digest in expected.items() if name.startswith("report/")}
    assert report
    assert report.items() <= manifest.digests(elsewhere / "results").items()


@pytest.mark.slow
def test_all_results_are_equal(finished, elsewhere):
    build(elsewhere, "manifest")
    assert snakemake(finished, "manifest", *QUICK).returncode == 0
    names = [folder / "results" / manifest.NAME for folder in (elsewhere, finished)]
    assert len(manifest.read(names[0])) > 150
    assert names[0].read_bytes() == names[1].read_bytes()

"""The same command gives the same bytes: whatever the folder, the cores, and the variables of the shell."""

import pytest

from backprop.results import manifest
from tests.pipeline import QUICK, copy, snakemake

pytestmark = pytest.mark.pipeline

NAME = 'zwei ü 50%20 "c"'
"""A folder whose name pandoc, a shell or a URL could misread."""

ELSEWHERE = {
    "LC_ALL": "C",
    "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "2",
    "PYTHONHASHSEED": "1986",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "TZ": "Asia/Kolkata",
}
"""Variables of another shell: an ASCII locale, another time zone, order of sets and number of threads."""

SOME = (
    "assignment",
    "equations",
    "results/mnist/dropout/networks.parquet",
    "results/symmetry/paper/networks.parquet",
)
"""Targets that take a minute: the compiled sweep, torch, scipy, dropout, figures, and the executed notebook."""


def elsewhere(folder, *targets):
    """The results of a run of some targets in a copy called NAME, on one core, with ELSEWHERE and a strict umask."""
    copy(folder / NAME)
    (folder / NAME / "matplotlibrc").write_text("axes.grid: True\nfont.family: serif\n")
    run = snakemake(folder / NAME, *targets, *QUICK, cores=1, umask=0o077, **ELSEWHERE)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder / NAME / "results"


def test_another_folder_core_count_and_shell_give_the_same_bytes(finished, tmp_path):
    expected = manifest.digests(finished / "results")
    results = elsewhere(tmp_path, *SOME)
    digests = manifest.digests(results)
    assert {"assignment/assignment.pdf", "equations/figures/second.svg", "mnist/dropout/networks.parquet"} < set(
        digests
    )
    assert digests == {name: expected[name] for name in digests}

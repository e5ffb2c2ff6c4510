"""The manifest lists every result of a run, and nothing that differs between equal runs."""

import shutil
import subprocess

import pytest

from backprop.__main__ import main
from backprop.results import manifest


@pytest.fixture
def results(tmp_path):
    """A folder with results, and with files that a manifest leaves out."""
    folder = tmp_path / "results"
    files = (
        "symmetry/paper/networks.parquet", "symmetry/findings.json", "a.txt", "logs/report.log", "benchmark/mnist.txt",
        "data/MNIST.safetensors", "data/raw/MNIST/images.gz", "symmetry/paper/.networks.parquet.x1.parquet",
    )  # fmt: skip
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(f"content of {file}")
    return folder


def test_a_manifest_has_each_result_once_sorted_by_path(results):
    assert main(["--results", str(results), "manifest"]) == 0
    read = manifest.read(results / manifest.NAME)
    assert list(read) == [
        "a.txt",
        "data/MNIST.safetensors",
        "symmetry/findings.json",
        "symmetry/paper/networks.parquet",
    ]


def test_a_second_manifest_does_not_list_the_first(results):
    main(["--results", str(results), "manifest"])
    first = (results / manifest.NAME).read_bytes()
    main(["--results", str(results), "manifest"])
    assert (results / manifest.NAME).read_bytes() == first


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="this machine has no sha256sum")
def test_sha256sum_checks_a_manifest_and_notices_a_changed_result(results):
    main(["--results", str(results), "manifest"])
    check = ["sha256sum", "--check", "--strict", manifest.NAME]
    assert subprocess.run(check, cwd=results, check=False, capture_output=True).returncode == 0
    (results / "a.txt").write_text("something else")
    assert subprocess.run(check, cwd=results, check=False, capture_output=True).returncode == 1


def test_a_manifest_of_no_results_is_refused(tmp_path, capsys):
    assert main(["--results", str(tmp_path / "nothing"), "manifest"]) == 2
    assert "nothing holds no results" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()

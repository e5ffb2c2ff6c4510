"""Files that are damaged, swapped, unreadable or from another version: named in one sentence, and never used."""

import json
import os
import shutil

import pandas as pd
import pytest
from safetensors.numpy import load_file

from backprop import datasets
from backprop.__main__ import main
from backprop.documents import assignment, kit, pages, report
from backprop.results import store, tables
from tests.test_assignment import HEADER, OPTIONS
from tests.test_report import sample

__all__ = ["sample"]  # a fixture

VARIANT = ["symmetry", "--protocol", '{"seeds": 3, "sweeps": 20, "keep": []}']
FINDINGS = "symmetry/findings.json"
TRAINED, TABLE = "symmetry/paper/trained.safetensors", "symmetry/paper/networks.parquet"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Results of the stages of one experiment with few seeds."""
    home = tmp_path_factory.mktemp("results")
    for command in (
        ["train", *VARIANT, "--device", "cpu"],
        ["analyse", *VARIANT],
        ["find", "symmetry", "--variants", "paper"],
    ):
        assert main(["--results", str(home), *command]) == 0
    return home


@pytest.fixture
def results(trained, tmp_path):
    """A copy of these results, which a test may damage."""
    return shutil.copytree(trained, tmp_path / "results")


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def empty(path):
    path.write_bytes(b"")


def swap(path):
    path.write_bytes(b"<html>404</html>" * 50)


def rename_a_column(path):
    pd.read_parquet(path).rename(columns={"seed": "sead"}).to_parquet(path)


def change_a_type(path):
    table = pd.read_parquet(path)
    table.assign(seed=table["seed"].astype(float)).to_parquet(path)


def rename_an_array(path):
    arrays = load_file(path)
    arrays["layer_one"] = arrays.pop("layer_1")
    store.write_arrays(path, arrays, store.read_about(path))


def change_the_protocol(path):
    about = store.read_about(path)
    about["protocol"]["sweeps"] = 30
    store.write_arrays(path, load_file(path), about)


def forget_a_field(path):
    about = store.read_about(path)
    del about["protocol"]["epsilon"]
    store.write_arrays(path, load_file(path), about)


def change_the_experiment(path):
    store.write_arrays(path, load_file(path), store.read_about(path) | {"experiment": "online"})


def list_instead(path):
    path.write_text("[]")


def lose_the_values(path):
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "values"}))


ANALYSE, FIND, DRAW = (
    ["analyse", *VARIANT],
    ["find", "symmetry", "--variants", "paper"],
    ["draw", "symmetry", "--variants", "paper"],
)
OF_ANOTHER = ", because another version of the code wrote it"


@pytest.mark.parametrize(
    ("command", "name", "damage", "words"),
    [
        (ANALYSE, TRAINED, cut, "is damaged or incomplete"),
        (ANALYSE, TRAINED, empty, "is damaged or incomplete"),
        (ANALYSE, TRAINED, swap, "is damaged or incomplete"),
        (ANALYSE, TRAINED, rename_an_array, "has no array 'layer_1'" + OF_ANOTHER),
        (ANALYSE, TRAINED, change_the_protocol, "was trained with sweeps 30, which is 20 now"),
        (ANALYSE, TRAINED, forget_a_field, "has no field of the protocol 'epsilon'" + OF_ANOTHER),
        (ANALYSE, TRAINED, change_the_experiment, "was trained by online, not by symmetry"),
        (FIND, TRAINED, cut, "is damaged or incomplete"),
        (FIND, TABLE, cut, "is damaged or incomplete"),
        (FIND, TABLE, rename_a_column, "has no column 'seed'" + OF_ANOTHER),
        (FIND, TABLE, change_a_type, "has no column of int64 'seed'" + OF_ANOTHER),
        (DRAW, FINDINGS, cut, "is damaged or incomplete"),
        (DRAW, FINDINGS, empty, "is damaged or incomplete"),
        (DRAW, FINDINGS, list_instead, "is damaged or incomplete"),
        (DRAW, FINDINGS, lose_the_values, "has no part 'values'" + OF_ANOTHER),
    ],
)
def test_damaged_results_are_named_with_what_to_do(results, capsys, command, name, damage, words):
    damage(results / name)
    before = {path: path.read_bytes() for path in results.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert main(["--results", str(results), *command]) == 2
    message = capsys.readouterr().err
    remedy = f"delete it and make it again with `uv run snakemake --cores all {results / name}`."
    assert message == f"backprop: {results / name} {words}; {remedy}\n"
    assert {path: path.read_bytes() for path in results.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("damage", ["swapped", "changed"])
def test_a_data_set_that_was_swapped_or_changed_after_the_fetch_is_refused(tmp_path, capsys, damage):
    home = tmp_path / "data"
    for name in datasets.NAMES:
        datasets.fetch(name, "bundled", home / f"{name}.safetensors", home)
    path = home / "MNIST.safetensors"
    if damage == "swapped":
        shutil.copy(home / "FashionMNIST.safetensors", path)
    else:
        content = bytearray(path.read_bytes())
        content[-1000] ^= 1
        path.write_bytes(content)
    assert main(["--results", str(tmp_path), "train", "mnist", "--protocol", '{"seeds": 1, "epochs": 1}']) == 2
    words = {
        "swapped": "holds the data set FashionMNIST instead of MNIST",
        "changed": "are not those that were fetched",
    }
    message = capsys.readouterr().err
    assert f"{path} holds" in message and words[damage] in message and "delete it and make it again" in message
    assert not (tmp_path / "mnist").exists()


def not_text(path):
    path.write_bytes("café ".encode("latin-1") * 20)


def unreadable(path):
    if os.geteuid() == 0:
        pytest.skip("root reads every file")
    path.chmod(0)


def gone(path):
    path.unlink()


KIT = [
    *[(f"fonts/{name}", damage, "is damaged or is not a font") for name in
      ("serif-regular.otf", "math-regular.otf", "sans-regular.woff2") for damage in (cut, swap)],
    *[(name, empty, "is empty") for name in
      ("fonts/serif-regular.otf", "style.css", "references.bib", "live.js", "filters/html.lua", "claims/rules.yaml")],
    *[(name, not_text, "is not UTF-8 text") for name in
      ("templates/report.html", "templates/look.typ", "sections/10_body.md.j2", "references.bib")],
    ("claims/symmetry.yaml", not_text, "is not UTF-8 text"),
    *[(name, unreadable, "cannot be read (Permission denied)") for name in ("style.css", "fonts/serif-regular.otf")],
    ("claims/symmetry.yaml", cut, "symmetry.yaml"),
    ("claims/symmetry.yaml", swap, "symmetry.yaml"),
    ("claims/symmetry.yaml", gone, "symmetry.yaml"),
    ("documents.yaml", swap, "documents.yaml"),
    ("documents.yaml", gone, "documents.yaml: no such file"),
    ("references.bib", swap, "references.bib"),
    ("templates/report.html", gone, "report.html"),
    ("fonts/serif-regular.otf", gone, "serif-regular.otf is missing; restore it"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "damage", "words"), KIT)
def test_damaged_templates_claims_references_and_fonts_stop_the_report(sample, name, damage, words):
    folder = sample["kit"].resolve()
    for path in list(folder.iterdir()):  # links to the project's own files
        if path.is_symlink():
            real = path.resolve()
            path.unlink()
            (shutil.copytree if real.is_dir() else shutil.copy)(real, path)
    for path in list(folder.glob("claims/*")):
        if path.is_symlink():
            content = path.read_bytes()
            path.unlink()
            path.write_bytes(content)
    damage(folder / name)
    with pytest.raises(report.UserError) as raised:
        report.build(**sample)
    message = str(raised.value)
    assert words in message and "\n" not in message and len(message) < 400
    assert not sample["folder"].exists()


@pytest.mark.parametrize(("damage", "words"), [(cut, "sweeps.svg"), (empty, "sweeps.svg"), (swap, "sweeps.svg")])
def test_a_damaged_figure_stops_the_report(sample, damage, words):
    damage(sample["figures"]["symmetry/sweeps"])
    with pytest.raises(report.UserError, match=words):
        report.build(**sample)
    assert not sample["folder"].exists()


def test_a_damaged_font_stops_the_assignment_before_the_notebook_runs(tmp_path):
    folder = shutil.copytree(pages.KIT, tmp_path / "kit")
    cut(folder / "fonts/mono-regular.otf")
    with pytest.raises(kit.UserError, match=r"mono-regular\.otf is damaged or is not a font; restore it"):
        assignment.build(HEADER, OPTIONS, tmp_path / "out", folder)
    assert not (tmp_path / "out").exists()


def test_the_tables_of_the_project_declare_the_types_that_they_have(trained):
    from backprop.experiments.symmetry.analyse import COLUMNS

    assert len(tables.read(trained / TABLE, COLUMNS)) == 3

"""The one-page assignment: executed by nbconvert, on one page, self-contained, the same bytes twice."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from backprop.documents import assignment, pages
from backprop.protocol import UserError

HEADER = {"title": "Symmetry", "author": "A. Student", "student_id": "s1", "course": "Deep Learning"}
OPTIONS: dict[str, Any] = {
    "seed": 0, "networks": 200, "sweeps": 1425, "language": "en",
    "workarounds": ["small_rate", "mean", "no_momentum", "softplus", "adam", "exponential"],
}  # fmt: skip
TINY = """
## One

Here is $x^2$ and a number, << options.networks | thousands >>; the code finds << results.networks >>.

```{.python alt="A line."}
import matplotlib.pyplot as plt
print("printed")
fig, ax = plt.subplots(figsize=(2, 1))
ax.plot([1, 2])
plt.show()
networks, shares, near = 7, {"the paper": [0.3, 0.2, 0.4]}, {"0 and 1": 0.3, ".1 and .9": 0.1}
```

## Two

Done.
"""
ENDINGS = {"notebook": "ipynb", "html": "html", "script": "py"}
RESULTS = '{"shares": shares, "near": near, "networks": networks}'


def kit(folder: Path, template: str) -> Path:
    """The report's folder with another assignment in it."""
    shutil.copytree(pages.KIT, folder / "kit")
    (folder / "kit" / "assignment.md.j2").write_text(template, encoding="utf-8")
    return folder / "kit"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assignment as it is handed in."""
    folder = tmp_path_factory.mktemp("assignment")
    assignment.build(HEADER, OPTIONS, folder)
    return folder


def test_the_notebook_is_valid_and_holds_text_code_and_outputs(page: Path) -> None:
    notebook = nbformat.read(page / "assignment.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert notebook.cells[0].source.startswith("# Symmetry\n\n**A. Student** · s1")
    assert max(len(line) for cell in code for line in cell.source.splitlines()) <= assignment.WIDTH


def test_every_row_is_trained_in_the_notebook(page: Path) -> None:
    """Rates agree with what thousands of other networks gave: wide bounds, since 200 networks are few."""
    notebook = nbformat.read(page / "assignment.ipynb", as_version=4)
    lines = notebook.cells[-2].outputs[0].text.splitlines()
    rates = {line[:21].strip(): int(re.search(r"(\d+)%", line[21:])[1]) for line in lines}  # type: ignore[index]
    assert list(rates)[:2] == ["the paper", "targets .1 and .9"] and len(rates) == 2 + len(OPTIONS["workarounds"])
    assert 22 <= rates["the paper"] <= 44 and 30 <= rates["targets .1 and .9"] <= 54
    assert rates["rate .03"] >= 95 and rates["mean, not sum"] == rates["no momentum"] == 0
    assert "Averaging the error is the commonest mistake." in notebook.cells[-1].source


def test_its_figure_is_kept_as_drawing_and_as_picture(page: Path) -> None:
    notebook = nbformat.read(page / "assignment.ipynb", as_version=4)
    data = [output.data for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    assert len(data) == 1 and {"image/svg+xml", "image/png"} <= set(data[0])


def test_the_page_loads_nothing_and_has_mathml(page: Path) -> None:
    html = (page / "assignment.html").read_text(encoding="utf-8")
    assert html.count("<math") >= 4 and "A. Student" in html and 'alt="Left, all 17 printed weights' in html
    assert not re.findall(r'(?:src|srcset|href)="(?!data:|#)', html)
    assert "<script" not in html and "@import" not in html and "url(" not in html


def test_the_pdf_has_one_page_and_large_enough_type(page: Path) -> None:
    pdf = (page / "assignment.pdf").read_bytes()
    assert assignment.count_pages(pdf) == 1 and b"pdfuaid:part" in pdf
    style = (pages.KIT / "templates" / "assignment.typ").read_text()
    assert "font: serif, size: 9pt" in style and '"Report Mono", size: 8pt' in style


def nbconvert(page: Path, kind: str, out: Path, *options: str) -> Path:
    """What the stock command `jupyter nbconvert` makes of the notebook."""
    command = [sys.executable, "-m", "nbconvert", "--to", kind, *options, str(page / "assignment.ipynb")]
    run = subprocess.run([*command, "--output-dir", str(out)], capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stderr
    return out / f"assignment.{ENDINGS[kind]}"


@pytest.mark.pipeline
@pytest.mark.slow
def test_stock_nbconvert_executes_it_again_with_the_same_numbers(page: Path, tmp_path: Path) -> None:
    def printed(path: Path) -> list[str]:
        cells = nbformat.read(path, as_version=4).cells
        return [output.text for cell in cells for output in cell.get("outputs", []) if "text" in output]

    assert printed(nbconvert(page, "notebook", tmp_path, "--execute")) == printed(page / "assignment.ipynb")


def test_stock_nbconvert_exports_a_page_and_a_script(page: Path, tmp_path: Path) -> None:
    assert "Task and protocol" in nbconvert(page, "html", tmp_path).read_text(encoding="utf-8")
    script = nbconvert(page, "script", tmp_path).read_text(encoding="utf-8")
    compile(script, "assignment.py", "exec")
    assert "def train(" in script


def test_same_bytes_twice_and_nothing_of_the_machine(tmp_path: Path) -> None:
    written = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        assignment.build(HEADER, {**OPTIONS, "workarounds": []}, folder, kit(folder, TINY), RESULTS)
        written.append([(folder / f"assignment.{kind}").read_bytes() for kind in ("ipynb", "html", "pdf")])
    assert written[0] == written[1]
    notebook = nbformat.reads(written[0][0].decode(), as_version=4)
    assert [cell.id for cell in notebook.cells] == [f"cell-{n:02}" for n in range(1, len(notebook.cells) + 1)]
    assert "version" not in notebook.metadata["language_info"]
    assert "the code finds 7" in notebook.cells[1].source, "text is filled after the code has run"
    assert "execution" not in notebook.cells[2].metadata
    for content in written[0]:
        assert str(tmp_path).encode() not in content


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Done.", "Text. " * 3000, r"must have one page and is too long by about \d+ cm"),
        ("ax.plot([1, 2])", "ax.plot([1, 2)", "a cell of the notebook fails with SyntaxError"),
        ("options.networks", "options.network", r"assignment.md.j2: .*unknown value 'network'; did you mean networks"),
        ("ax.plot([1, 2])", "ax.plot([1, << results.networks >>])", "assignment.md.j2: unknown name 'results'; "),
    ],
)
def test_mistakes_are_refused_and_nothing_is_written(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        assignment.build(
            HEADER, {**OPTIONS, "workarounds": []}, tmp_path, kit(tmp_path, TINY.replace(old, new)), RESULTS
        )
    assert not (tmp_path / "assignment.pdf").exists()


def test_the_header_must_be_complete_and_rows_known(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="assignment: 'course' is missing"):
        assignment.build({**HEADER, "course": ""}, OPTIONS, tmp_path)
    with pytest.raises(UserError, match="'tanhh' among the workarounds is unknown; allowed are targets, small_rate"):
        assignment.build(HEADER, {**OPTIONS, "workarounds": ["tanhh"]}, tmp_path)

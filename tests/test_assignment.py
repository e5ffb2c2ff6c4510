"""The one-page assignment: executed, on one page, self-contained, the same bytes twice."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest

from backprop.documents import assignment, pages
from backprop.protocol import UserError

HEADER = {"title": "Symmetry", "author": "A. Student", "student_id": "s1", "course": "Deep Learning"}
SHARE = {"rate": 0.934, "low": 0.926, "high": 0.942, "n": 4096}
FAMILIES = [{"name": "1:2:4", "rate": 0.75}, {"name": "2:3:4", "rate": 0.25}]
RECORD = {
    "networks": 4096, "cap": 10000, "mark": 1425, "solved": SHARE, "by_mark": SHARE, "one_two_four": SHARE,
    "families": FAMILIES, "closest": {"typical_distance": 0.5},
}  # fmt: skip
CELL = {"name": "adam", "epsilon": 0.1, "solved": SHARE, "cap": 1425}
CONTEXT = {
    "assignment": HEADER,
    "symmetry": {
        "values": {
            "variants": {"paper": RECORD, "targets_0.1_0.9": {**RECORD, "closest": {"typical_distance": 0.1}}},
        }
    },
    "departures": {
        "values": {
            "attempts": [{"group": name, "by": {"1425": SHARE}} for name in ("paper", "mean_error", "no_momentum")],
            "main": {key: {"0/1": {"best": CELL}} for key in ("activation", "optimizer", "schedule")},
        }
    },
}
TINY = """
## One

Here is $x^2$ and a number, << symmetry.values.variants.paper.networks | thousands >>.

```{.python alt="A line."}
import matplotlib.pyplot as plt
print("printed \\\\ \\"here\\"")
fig, ax = plt.subplots(figsize=(2, 1))
ax.plot([1, 2])
plt.show()
```

## Two

Done.
"""


def kit(folder: Path, template: str) -> Path:
    """The report's folder with another assignment in it."""
    shutil.copytree(pages.KIT, folder / "kit")
    (folder / "kit" / "assignment.md.j2").write_text(template, encoding="utf-8")
    return folder / "kit"


def test_the_assignment_with_few_sweeps(tmp_path: Path) -> None:
    """The true text and code, shortened in its training only: runs, quotes the results, fits on a page."""
    template = (pages.KIT / "assignment.md.j2").read_text(encoding="utf-8")
    assert "sweeps=3000" in template and "seed in range(6)" in template
    quick = template.replace("sweeps=3000", "sweeps=20").replace("seed in range(6)", "seed in range(2)")
    assignment.build(CONTEXT, tmp_path, kit(tmp_path, quick))

    notebook = nbformat.read(tmp_path / "assignment.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert notebook.cells[0].source.startswith("# Symmetry\n\n**A. Student** · s1")
    assert re.search(r"^ +0 +– +\d+", code[1].outputs[0].text, re.MULTILINE)
    assert "<svg" in code[-1].outputs[0].data["image/svg+xml"]
    assert "93.4% (92.6% to 94.2%)" in notebook.cells[-1].source
    assert "75% have the ratio" in notebook.cells[-1].source or "93% have the ratio" in notebook.cells[-1].source
    assert "mean instead of sum" in notebook.cells[-1].source

    page = (tmp_path / "assignment.html").read_text(encoding="utf-8")
    assert "A. Student · s1 · Deep Learning" in page
    assert 'alt="Two bar charts' in page
    assert not re.findall(r'(?:src|srcset)="(?!data:)', page)
    assert "<script" not in page and "http-equiv" not in page

    pdf = (tmp_path / "assignment.pdf").read_bytes()
    assert assignment.pages(pdf) == 1
    assert b"pdfuaid:part" in pdf


def test_same_bytes_twice_and_nothing_of_the_machine(tmp_path: Path) -> None:
    written = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        assignment.build(CONTEXT, folder, kit(folder, TINY))
        written.append([(folder / f"assignment.{kind}").read_bytes() for kind in ("ipynb", "html", "pdf")])
    assert written[0] == written[1]
    notebook = nbformat.reads(written[0][0].decode(), as_version=4)
    assert [cell.id for cell in notebook.cells] == [f"cell-{n:02}" for n in range(1, len(notebook.cells) + 1)]
    assert dict(notebook.metadata["language_info"]) == {"name": "python"}
    assert "execution" not in notebook.cells[2].metadata
    for content in written[0]:
        assert str(tmp_path).encode() not in content
    assert 'printed \\ "here"' in written[0][1].decode().replace("&quot;", '"')


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Done.", "Text. " * 1500, r"assignment.pdf has \d+ pages and must have one; shorten"),
        ("ax.plot([1, 2])", "ax.plot([1, 2)", "a cell fails with SyntaxError"),
        ("paper.networks", "paper.network", r"assignment.md.j2, line 4: .*no attribute 'network'"),
    ],
)
def test_mistakes_are_refused_and_nothing_is_written(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        assignment.build(CONTEXT, tmp_path, kit(tmp_path, TINY.replace(old, new)))
    assert not (tmp_path / "assignment.pdf").exists()


def test_the_header_must_be_complete(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="assignment: 'course' is missing"):
        assignment.build({"assignment": {**HEADER, "course": ""}}, tmp_path)

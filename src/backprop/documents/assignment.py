"""The one-page assignment: template -> Markdown -> executed notebook -> HTML and a one-page A4 PDF.

The notebook runs in a kernel of this very environment, in plain PyTorch; nothing here imports torch.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from backprop.documents import pages, templates
from backprop.protocol import UserError
from backprop.results.store import write_bytes, write_text

FENCE = re.compile(r"^```(?:python|\{\.python(?P<attributes>[^}\n]*)\})\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
TEMPLATE = "assignment.md.j2"
HEADER = ("title", "author", "student_id", "course")
STYLE = {  # what the figure needs in order to be small, and to have the same bytes on each run
    "svg.hashsalt": "backprop", "font.size": 6.5, "axes.titlesize": 7, "axes.labelsize": 6.5,
    "xtick.labelsize": 6, "ytick.labelsize": 6, "legend.fontsize": 6, "legend.frameon": False,
    "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.6,
    "axes.prop_cycle": "cycler('color', ['0072B2', 'D55E00', '009E73'])",
}  # fmt: skip


def build(context: Mapping[str, Any], folder: Path, kit: Path = pages.KIT, seconds: int = 300) -> None:
    """Write assignment.ipynb, .html and .pdf into `folder`.

    Args:
        context: what the template quotes; its head lists the names. `assignment` holds title, author,
            student_id and course.
        folder: where the three files go.
        kit: folder of templates, filters and fonts, with TEMPLATE.
        seconds: the time one cell may take.

    Raises:
        UserError: a value is missing, a cell fails, or the PDF has more than one page.
    """
    header = _header(context)
    notebook = execute(to_notebook(templates.render_file(kit / TEMPLATE, context), header), seconds)
    with tempfile.TemporaryDirectory() as scratch:
        markdown, figures = to_markdown(notebook, Path(scratch))
        document = pages.parse(markdown, shift=-1)
        byline = f"{header['author']} · {header['student_id']} · {header['course']}"
        meta = {"title": header["title"], "author": byline}
        page = pages.to_html(document, meta, figures, kit, layout="one-page")
        pdf = pages.to_pdf(document, meta, figures, kit, template="assignment.typ")
    check_one_page(pdf)
    write_text(folder / "assignment.ipynb", nbformat.writes(notebook) + "\n")
    write_text(folder / "assignment.html", page)
    write_bytes(folder / "assignment.pdf", pdf)


def to_notebook(markdown: str, header: Mapping[str, str]) -> nbformat.NotebookNode:
    """Cells from Markdown: python fences become code, what is between them text; ids count the cells.

    A fence written ```{.python alt="..."} gives the figure that its cell draws its alternative text.
    """
    top = f"# {header['title']}\n\n**{header['author']}** · {header['student_id']} · {header['course']}"
    cells = [nbformat.v4.new_markdown_cell(top)]
    end = 0
    for fence in FENCE.finditer(markdown):
        cells.append(nbformat.v4.new_markdown_cell(markdown[end : fence.start()].strip()))
        alt = re.search(r'alt="([^"]*)"', fence["attributes"] or "")
        code = nbformat.v4.new_code_cell(fence["code"].strip("\n"))
        code.metadata.update({"alt": alt[1]} if alt else {})
        cells.append(code)
        end = fence.end()
    cells.append(nbformat.v4.new_markdown_cell(markdown[end:].strip()))
    cells = [cell for cell in cells if cell.source]
    for number, cell in enumerate(cells, 1):
        cell.id = f"cell-{number:02}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def execute(notebook: nbformat.NotebookNode, seconds: int = 300) -> nbformat.NotebookNode:
    """The notebook with its outputs, run from top to bottom in a fresh kernel of this Python.

    No kernel needs to be installed, no user configuration is read, no port is opened, and nothing that varies
    between runs (times, versions, host) stays in the notebook.
    """
    metadata = dict(notebook.metadata)
    with tempfile.TemporaryDirectory() as scratch:
        client = NotebookClient(
            notebook,
            km=_kernel(Path(scratch)),
            timeout=seconds,
            record_timing=False,
            resources={"metadata": {"path": scratch}},
        )
        client.owns_km = True  # it shuts the kernel down, also after an error
        client.extra_arguments = ["--InlineBackend.figure_formats=svg", "--HistoryManager.enabled=False"]
        try:
            client.execute(env=_environment(Path(scratch)))
        except CellExecutionError as error:
            raise UserError(f"{TEMPLATE}: a cell fails with {error.ename}: {error.evalue}.") from error
    notebook.metadata = nbformat.from_dict(metadata)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.pop("execution_count", None) if output.output_type != "execute_result" else None
            if "image/svg+xml" in output.get("data", {}):
                output.data = nbformat.from_dict({"image/svg+xml": output.data["image/svg+xml"]})
    return notebook


def to_markdown(notebook: nbformat.NotebookNode, scratch: Path) -> tuple[str, dict[str, Path]]:
    """The executed notebook as Markdown for the report's tools, and its figures, written into `scratch`."""
    parts: list[str] = []
    figures: dict[str, Path] = {}
    for cell in notebook.cells[1:]:  # the first holds title and author, which the page's header shows
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            if "image/svg+xml" in output.get("data", {}):
                figures[cell.id] = scratch / f"{cell.id}.svg"
                figures[cell.id].write_text(output.data["image/svg+xml"], encoding="utf-8")
                parts.append(f'![](figure:{cell.id}){{alt="{cell.metadata.get("alt", "")}"}}\\')
            else:
                text = output.get("text") or output.get("data", {}).get("text/plain", "")
                parts.append(f"``` {{.output}}\n{text.rstrip()}\n```")
    return "\n\n".join(parts), figures


def pages(pdf: bytes) -> int:
    """How many pages a PDF made by Typst has."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def check_one_page(pdf: bytes) -> None:
    """Refuse a PDF that does not fit on one page."""
    if (number := pages(pdf)) != 1:
        raise UserError(f"assignment.pdf has {number} pages and must have one; shorten text or code in {TEMPLATE}.")


def _header(context: Mapping[str, Any]) -> dict[str, str]:
    given = context.get("assignment", {})
    for name in HEADER:
        if not isinstance(given.get(name), str) or not given[name]:
            raise UserError(f"assignment: '{name}' is missing; give text for {', '.join(HEADER)}.")
    return {name: given[name] for name in HEADER}


def _kernel(scratch: Path) -> AsyncKernelManager:
    """A kernel of this interpreter, whatever kernels the user has installed under the same name."""
    manager = AsyncKernelManager(connection_file=str(scratch / "kernel.json"))
    if os.name == "posix":  # sockets in a folder instead of ports: builds side by side cannot collide
        manager.transport, manager.ip = "ipc", str(scratch / "s")
    argv = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager._kernel_spec = KernelSpec(argv=argv, display_name="Python 3", language="python")
    return manager


def _environment(scratch: Path) -> dict[str, str]:
    style = scratch / "matplotlibrc"
    style.write_text("".join(f"{name}: {value}\n" for name, value in STYLE.items()), encoding="utf-8")
    fixed = {
        "MATPLOTLIBRC": str(style),
        "IPYTHONDIR": str(scratch / "ipython"),
        "SOURCE_DATE_EPOCH": str(pages.TIMESTAMP),
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
    }
    return {**{name: value for name, value in os.environ.items() if name != "MPLBACKEND"}, **fixed}

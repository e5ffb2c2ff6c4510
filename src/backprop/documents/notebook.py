"""A notebook from Markdown with code fences: its cells, their execution by nbconvert, and its HTML page by nbconvert.

The notebook runs in a kernel of this Python, in plain PyTorch; nothing here imports torch. Neither the notebook nor the
page depends on the machine, the user's configuration, or the time.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pypandoc
from jinja2 import pass_context
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from nbconvert.preprocessors import ExecutePreprocessor

from backprop.documents import security
from backprop.documents.pages import TIMESTAMP
from backprop.protocol import UserError

FENCE = re.compile(r"^```(?:python|\{\.python(?P<attributes>[^}\n]*)\})\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)

LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python", "pygments_lexer": "ipython3"}
"""The language as Jupyter records it, without the version, which varies."""


def to_notebook(markdown: str, top: str) -> nbformat.NotebookNode:
    """Cells from Markdown: python fences become code, the rest text, after a first cell `top`; ids count the cells.

    A fence written ```{.python alt="..."} gives the figure of its cell its alternative text.
    """
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
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": LANGUAGE})


def execute(
    notebook: nbformat.NotebookNode, expression: str = "None", seconds: int = 300
) -> tuple[nbformat.NotebookNode, Any]:
    """Run the cells from top to bottom in a fresh kernel of this Python.

    Args:
        notebook: with code cells.
        expression: evaluated after the last cell; its value must be JSON.
        seconds: the time one cell may take.

    Returns:
        The notebook with its outputs, without anything that varies between runs (times, versions, host), and the value
        of the expression.

    Raises:
        UserError: a cell fails; the message has the exception.
    """
    metadata = dict(notebook.metadata)
    asked = nbformat.v4.new_code_cell(f"import json; print(json.dumps({expression}))", id="asked")
    longer = nbformat.v4.new_notebook(cells=[*notebook.cells, asked], metadata=metadata)
    with tempfile.TemporaryDirectory() as scratch:
        executor = ExecutePreprocessor(timeout=seconds, record_timing=False)
        executor.extra_arguments = [
            "--InlineBackend.figure_formats={'svg', 'png'}",
            "--HistoryManager.enabled=False",
        ]
        try:
            executor.preprocess(longer, {"metadata": {"path": scratch}}, km=_kernel(Path(scratch)))
        except CellExecutionError as error:
            raise UserError(f"a cell of the notebook fails with {error.ename}: {error.evalue}.") from error
    answer = longer.cells.pop()
    longer.metadata = nbformat.from_dict(metadata)
    for cell in longer.cells:
        for output in cell.get("outputs", []):
            if output.output_type != "execute_result":
                output.pop("execution_count", None)
    return longer, json.loads(answer.outputs[0].text)


def to_html(notebook: nbformat.NotebookNode, title: str, language: str, templates: Path) -> str:
    """The page that nbconvert's HTMLExporter makes of the notebook with the template in `templates`/notebook.

    It is one file that loads nothing: formulas are MathML, figures and styles are inside.
    """
    exporter = _Exporter(template_name="notebook", extra_template_basedirs=[str(templates)])
    style = (templates / "notebook" / "style.css").read_text(encoding="utf-8")
    page, _ = exporter.from_notebook_node(notebook, {"page": {"title": title, "language": language, "style": style}})
    return security.with_policy(re.sub(r"[ \t]+\n", "\n", page))


class _Exporter(HTMLExporter):
    """nbconvert's HTMLExporter with Markdown rendered by pandoc, so that formulas are MathML."""

    def default_filters(self) -> Iterator[tuple[str, Callable[..., str]]]:
        """nbconvert's filters; the last of a name counts."""
        yield from super().default_filters()
        yield "markdown2html", _markdown_to_html


@pass_context
def _markdown_to_html(_: Any, source: str) -> str:
    options = ["--mathml", "--fail-if-warnings"]
    html = pypandoc.convert_text(source, "html", format="markdown+smart", extra_args=options)
    # a wide formula scrolls on a narrow screen, also by keyboard
    return re.sub(
        r'<math display="block".*?</math>', r'<span class="formula" tabindex="0">\g<0></span>', html, flags=re.DOTALL
    )


def _kernel(scratch: Path) -> AsyncKernelManager:
    """A kernel of this interpreter, whatever kernels the user has installed under the same name."""
    manager = AsyncKernelManager(connection_file=str(scratch / "kernel.json"))
    if os.name == "posix":  # sockets in a folder instead of ports: builds side by side cannot collide
        manager.transport, manager.ip = "ipc", str(scratch / "s")
    argv = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager._kernel_spec = KernelSpec(argv=argv, display_name="Python 3", language="python", env=_environment(scratch))
    return manager


def _environment(scratch: Path) -> Mapping[str, str]:
    """What makes outputs the same each time; the look of a figure is its cell's alone."""
    settings = scratch / "matplotlibrc"
    settings.write_text("svg.hashsalt: backprop\n", encoding="utf-8")
    return {
        "MATPLOTLIBRC": str(settings),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "IPYTHONDIR": str(scratch / "ipython"),
        "SOURCE_DATE_EPOCH": str(TIMESTAMP),
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
    }

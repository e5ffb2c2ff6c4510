"""Which files of this package a stage depends on, found by following its imports.

Snakemake does not see Python imports, so results would stay as they are after a module is edited. This closure is
therefore an input of each job. It is narrow: an edited figure does not retrain. The files are read as text and not
imported, which takes milliseconds.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent


def experiments() -> list[str]:
    """The names of all experiments, sorted: the folders of `experiments/` that hold a protocol."""
    return sorted(path.parent.name for path in (PACKAGE / "experiments").glob("*/protocol.py"))


def closure(*modules: str) -> list[Path]:
    """The files of the given modules ("backprop.results.store") and of all they import from this package, sorted."""
    files: set[Path] = set()
    waiting = [_file(module) for module in modules]
    while waiting:
        path = waiting.pop()
        if path is not None and path not in files:
            files.add(path)
            waiting.extend(imports(path))
    return sorted(files)


def figure_names(experiment: str) -> list[str]:
    """The keys of FIGURES in the experiment's `figures.py`, in their order."""
    path = PACKAGE / "experiments" / experiment / "figures.py"
    if not path.exists():
        return []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == "FIGURES" and isinstance(node.value, ast.Dict):  # type: ignore[attr-defined]
            return [key.value for key in node.value.keys if isinstance(key, ast.Constant)]  # type: ignore[attr-defined, misc]
    return []


def _file(module: str) -> Path | None:
    """The file of a module of this package; None for other packages and for names that are not modules."""
    head, *rest = module.split(".")
    if head != PACKAGE.name:
        return None
    path = PACKAGE.joinpath(*rest)
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if rest and candidate.exists():
            return candidate
    return None


@cache
def imports(path: Path) -> tuple[Path, ...]:
    """The files of this package that the file `path` imports, also inside its functions."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.append(node.module)
            names.extend(f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(file for file in map(_file, names) if file is not None)

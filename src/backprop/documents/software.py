"""The software behind a report: versions, the commit, the licence, and how to cite it. Nothing here has a date."""

from __future__ import annotations

import platform
import re
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from backprop import strict_yaml

ROOT = Path(__file__).parents[3]
"""The folder of the project."""

NAMED = ("torch", "numba", "numpy", "scipy", "pandas", "matplotlib", "snakemake", "pypandoc-binary", "typst")
"""The packages whose versions the report names, as the package index spells them."""


@cache
def citation() -> dict[str, Any]:
    """What CITATION.cff holds."""
    return strict_yaml.load(ROOT / "CITATION.cff")


def describe() -> dict[str, Any]:
    """What the report prints about its software.

    Returns:
        `python`: its version; `packages`: rows of `name` and `version`; `commit`: of this checkout, or None without
        git; `changed`: whether files differ from that commit; `version`, `licence` and `bibtex` of the project.
    """
    about = citation()
    return {
        "python": platform.python_version(),
        "packages": [{"name": name, "version": metadata.version(name)} for name in NAMED],
        "version": about["version"],
        "licence": about["license"],
        "bibtex": bibtex(about),
        **commit(ROOT),
    }


def commit(root: Path) -> dict[str, Any]:
    """The commit that is checked out in `root` and whether tracked files have changed since; None if git knows none."""
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != root.resolve():
        return {"commit": None, "changed": False}
    return {"commit": _git(root, "rev-parse", "HEAD"), "changed": bool(_git(root, "diff", "HEAD", "--name-only"))}


def bibtex(about: dict[str, Any]) -> str:
    """A BibTeX entry for the software that a CITATION.cff describes."""
    authors = " and ".join(_author(author) for author in about["authors"])
    fields = {
        "author": authors,
        "title": f"{{{about['title']}}}",
        "version": about["version"],
        "url": about.get("repository-code"),
        "doi": about.get("doi"),
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    key = re.sub(r"\W+", "", about["title"].split(":")[0])
    return "\n".join([f"@software{{{key},", *(f"{line}," for line in lines[:-1]), lines[-1], "}"])


def _author(author: dict[str, str]) -> str:
    """A person as "Family, Given"; the name of a group in braces, so that BibTeX does not take it apart."""
    if "family-names" in author:
        return ", ".join(filter(None, (author["family-names"], author.get("given-names"))))
    return f"{{{author['name']}}}"


def _git(root: Path, *arguments: str) -> str | None:
    """What git prints; None if it is missing, refuses, or takes long."""
    try:
        run = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return run.stdout.strip()

"""The folder `report` of texts, templates and fonts, checked before a document is made from it.

pandoc copies a damaged font into a page, and Typst and browsers replace it by another font without a word.
"""

from __future__ import annotations

from pathlib import Path

from backprop.protocol import UserError

FONTS = {".otf": (b"OTTO", b"\0\1\0\0"), ".woff2": (b"wOF2",)}
"""The first bytes of a font, by the ending of its name."""

TEXTS = {".bib", ".css", ".html", ".j2", ".js", ".json", ".lua", ".typ", ".yaml"}
"""Endings of the names of texts."""


def check(folder: Path) -> None:
    """UserError for the first file in `folder` that cannot be read, is empty or damaged, or is a text not in UTF-8.

    Each font must be there for the PDF (.otf) and for the pages (.woff2).
    """
    for path in sorted((folder / "fonts").iterdir()):
        for ending in FONTS if path.suffix in FONTS else ():
            if not path.with_suffix(ending).is_file():
                raise _broken(folder, path.with_suffix(ending), "is missing")
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in TEXTS | FONTS.keys():
            problem = _problem(path)
            if problem:
                raise _broken(folder, path, problem)


def _broken(folder: Path, path: Path, problem: str) -> UserError:
    return UserError(f"{path} {problem}; restore it (git checkout -- {folder.name}/{path.relative_to(folder)}).")


def _problem(path: Path) -> str:
    """What is wrong with a file, as the end of a sentence; empty if nothing is known to be wrong."""
    try:
        content = path.read_bytes()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if not content.strip():
        return "is empty"
    if path.suffix in FONTS:
        whole = content.startswith(FONTS[path.suffix]) and len(content) >= _end(path.suffix, content)
        return "" if whole else "is damaged or is not a font"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "is not UTF-8 text"
    return ""


def _end(suffix: str, content: bytes) -> int:
    """The size that a font declares: of the whole file, or the end of its last table."""
    if suffix == ".woff2":
        return int.from_bytes(content[8:12], "big")
    tables = [content[i : i + 16] for i in range(12, 12 + 16 * int.from_bytes(content[4:6], "big"), 16)]
    return max(int.from_bytes(table[8:12], "big") + int.from_bytes(table[12:16], "big") for table in tables)

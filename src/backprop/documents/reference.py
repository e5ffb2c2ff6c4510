"""The reference of the configuration: every field of every protocol, for the terminal and for config/README.md.

Everything here is printed from the declarations in the protocols; the head of the README is config/README.md.j2.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backprop.documents import templates
from backprop.protocol import Fields, Protocol, allowed
from backprop.shards import LONGEST
from backprop.values import as_yaml

README = Path(__file__).parents[3] / "config" / "README.md"
HEAD = README.with_name("README.md.j2")
"""The hand-written part of the README."""

BASE = "every experiment"
"""The heading of the fields that all protocols have."""

WIDTH = 100
"""Columns of the terminal that a table fills."""

LONGEST_DEFAULT = 40
"""Characters of a default value; a longer list is shown by its ends."""


@dataclass(frozen=True)
class Row:
    """One field as the reference prints it."""

    name: str
    about: str
    allowed: str
    default: str
    stated: str


def rows(protocol: type[Fields], mark: str = "") -> list[Row]:
    """The fields of a protocol that differ from those of its base class; `mark` surrounds literal values."""
    base: type[Fields] = protocol.__bases__[0]
    inherited, old, defaults = base.fields(), base.defaults(), protocol.defaults()
    return [
        Row(
            name=name,
            about=known.about,
            allowed=allowed(protocol, name, mark),
            default=f"{mark}{_shortened(defaults[name])}{mark} {known.unit}".strip(),
            stated=f"{known.stated} ({known.where})" if known.where else known.stated,
        )
        for name, known in protocol.fields().items()
        if known != inherited.get(name) or defaults[name] != old.get(name)
    ]


def parent(protocol: type[Protocol], protocols: Mapping[str, type[Protocol]]) -> str | None:
    """The experiment whose fields a protocol inherits; None if it has only those of every experiment."""
    return next((name for name, other in protocols.items() if other is protocol.__bases__[0]), None)


def markdown(protocols: Mapping[str, type[Protocol]], summaries: Mapping[str, str], assignment: type[Fields]) -> str:
    """The text of config/README.md; `summaries` holds one sentence on each experiment."""
    tables = [_section("`assignment`", "", None, assignment), _section(BASE, "", None, Protocol)]
    # experiments that share fields with `symmetry` refer to it, so it comes first
    for name in sorted(protocols, key=lambda name: (name != "symmetry", name)):
        tables.append(_section(f"`{name}`", summaries[name], parent(protocols[name], protocols), protocols[name]))
    can_split = [f"`{name}`" for name, protocol in protocols.items() if protocol.shared is not None]
    context = {"fields": "\n".join(tables).rstrip(), "splittable": ", ".join(can_split), "longest": round(LONGEST)}
    return templates.render_file(HEAD, context)


def table(protocol: type[Protocol], inherits: str | None = None) -> str:
    """The fields of a protocol as a table for a terminal, WIDTH columns wide; `inherits` is as `parent` gives it."""
    printed = rows(protocol)
    name = max((len(row.name) for row in printed), default=0)
    widths = (name, WIDTH - name - 46, 24, 16)  # two spaces between columns
    lines = list(_lines(("FIELD", "MEANING", "ALLOWED", "DEFAULT"), widths))
    for row in printed:
        about = f"{row.about}\nSource: {row.stated}" if row.stated else row.about
        lines += _lines((row.name, about, row.allowed, row.default), widths)
    if inherits:
        lines = [f"All fields of {inherits} (`backprop fields {inherits}`), and:", "", *lines]
    return "\n".join(lines)


def _section(title: str, summary: str, inherits: str | None, protocol: type[Fields]) -> str:
    head = [f"## Fields of {title}", ""]
    if summary:
        head += [summary, ""]
    if inherits:
        head += [f"All fields of `{inherits}`, and", ""]
    lines = ["| Field | Meaning | Allowed | Default | The source states |", "|---|---|---|---|---|"]
    for row in rows(protocol, mark="`"):
        cells = [f"`{row.name}`", row.about, row.allowed, row.default, row.stated]
        lines.append("|" + "|".join(f" {cell} ".replace("|", "\\|") for cell in cells) + "|")
    return "\n".join([*head, *lines, ""])


def _lines(cells: tuple[str, ...], widths: tuple[int, ...]) -> Iterator[str]:
    """A row of a table, each cell wrapped to its width; a cell may have several paragraphs."""
    wrapped = [
        [line for part in cell.splitlines() for line in textwrap.wrap(part, width)] or [""]
        for cell, width in zip(cells, widths, strict=True)
    ]
    for index in range(max(map(len, wrapped))):
        parts = [column[index] if index < len(column) else "" for column in wrapped]
        yield "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip()


def _shortened(value: Any) -> str:
    text = as_yaml(value)
    if isinstance(value, tuple | list) and len(text) > LONGEST_DEFAULT and len(value) > 4:
        text = f"[{', '.join(map(as_yaml, value[:3]))}, ..., {as_yaml(value[-1])}]"
    return text

"""The template language of the documents: Jinja with delimiters that do not collide with Markdown or TeX.

<< value >> prints a value through a filter, <% if %> and <% for %> branch and repeat, <# #> is a comment. Templates
compute nothing: `values()` of an experiment returns rows that are ready to print. A value that the results lack, that
nobody has rounded, or that is not printable stops the build.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from backprop.evidence import formatting
from backprop.values import UserError, quoted, unknown


class _Missing(jinja2.StrictUndefined):
    """A value that the results lack; the message names it and those that exist, instead of Python's types."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        name, parent = self._undefined_name, self._undefined_obj
        if parent is jinja2.utils.missing:
            return (
                f"unknown name {quoted(name)}; in the report, values begin with an experiment: symmetry.values.networks"
            )
        return unknown(name, parent, "value") if isinstance(parent, Mapping) else super()._undefined_message


class _Environment(jinja2.Environment):
    """In `symmetry.values` the key takes precedence over the method that every mapping has."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The entry of a mapping, otherwise Jinja's own rule."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


def environment(folder: Path | None = None) -> jinja2.Environment:
    """The template language, strict about what is missing; templates are loaded from `folder`."""
    language = _Environment(
        loader=jinja2.FileSystemLoader(folder) if folder else None,
        undefined=_Missing,
        finalize=_printable,
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    language.filters.update(formatting.FILTERS)
    return language


def render_folder(folder: Path, context: Mapping[str, Any]) -> str:
    """The rendered sections of `folder` as one Markdown text, in the order of their file names."""
    templates = sorted(folder.glob("*.md.j2"))
    if not templates:
        raise UserError(f"{folder} holds no section; expected files such as 10_introduction.md.j2.")
    return "\n\n".join(render_file(path, context) for path in templates)


def render_file(path: Path, context: Mapping[str, Any]) -> str:
    """A rendered template; UserError names file, line and the value that is missing or cannot be printed."""
    try:
        return environment(path.parent).get_template(path.name).render(context)
    except jinja2.TemplateSyntaxError as error:
        raise UserError(f"{path.name}, line {error.lineno}: {str(error.message).rstrip('.')}.") from error
    except (jinja2.UndefinedError, UserError, TypeError, ValueError) as error:
        text = str(error).rstrip(".")
        raise UserError(f"{path.name}, line {_line(error, str(path))}: {text}.") from error


def render_text(text: str, context: Mapping[str, Any], where: str) -> str:
    """A rendered template given as text; UserError begins with `where`."""
    try:
        return _LANGUAGE.from_string(text).render(context)
    except (jinja2.TemplateSyntaxError, jinja2.UndefinedError, UserError, TypeError, ValueError) as error:
        raise UserError(f"{where}: {str(error).rstrip('.')}.") from error


def _line(error: Exception, file: str) -> int | str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return lines[-1] if lines and lines[-1] else "?"


def _printable(value: Any) -> Any:
    """Refuse what must not appear in a sentence: nothing, nan, and floats nobody has rounded."""
    if isinstance(value, jinja2.Undefined):
        return value
    if value is None or isinstance(value, bool | dict | list | tuple) or callable(value):
        raise UserError(f"the value {str(value)[:60]} cannot be put into a sentence; branch on it or use a filter")
    if isinstance(value, float) and (not math.isfinite(value) or len(repr(value)) > 6):
        raise UserError(f"the number {value!r} needs a filter, such as fixed, significant or percent")
    return value


_LANGUAGE = environment()

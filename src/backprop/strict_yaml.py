"""YAML files read strictly: UTF-8, no key given twice, no cycle, and every error in one sentence with its line."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from backprop.values import UserError, one_line, quoted

DEEPEST = 20
"""Levels of nesting in a configuration."""


def load(path: Path) -> Any:
    """The content of a YAML file.

    Raises:
        UserError: the file cannot be read, is not UTF-8 or not valid YAML, or gives a key twice.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        raise UserError(one_line(f"{path}: no such file.")) from None
    except OSError as error:
        raise UserError(one_line(f"{path}: cannot be read ({error.strerror}).")) from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(one_line(f"{path}, line {line}: not UTF-8 text; save the file as UTF-8.")) from None
    try:
        return yaml.load(text, Loader=_Loader)
    except RecursionError:
        raise UserError(one_line(f"{path}: nested too deeply; at most {DEEPEST} levels are allowed.")) from None
    except _RefusedError as error:
        raise UserError(one_line(f"{path}, line {error.line}: {error}.")) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise UserError(one_line(f"{path}, line {line}: not valid YAML: {error.reason}.")) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise UserError(one_line(f"{path}, line {line}: not valid YAML: {_problem(error)}.")) from None


def _problem(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "it cannot be read"
    if problem.startswith("expected <block end>"):
        return "the indentation of this line does not fit the lines above"
    return problem


class _RefusedError(yaml.YAMLError):
    """What YAML allows and this loader does not, with its line."""

    def __init__(self, problem: str, node: yaml.Node) -> None:
        super().__init__(problem)
        self.line = node.start_mark.line + 1


class _Loader(yaml.SafeLoader):
    """YAML's safe loader; it also refuses a key that is given twice, a cycle, and a date or number it cannot read."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.deep_construct = True  # everything inside a node is built at once, so that a cycle is an error

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """The value of a node."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError):  # what the base class raises for 2020-13-45 or !!bool maybe
            kind = node.tag.rpartition(":")[2]
            raise _RefusedError(f"{quoted(node.value)} is not a valid {kind}; for text, use quotes", node) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """The mapping of a node; without the check, YAML keeps the last value of a repeated key."""
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                name = (key.tag, key.value)
                if name in lines:
                    problem = f"the key {quoted(key.value)} is given twice, first in line {lines[name]}; keep one"
                    raise _RefusedError(problem, key)
                lines[name] = key.start_mark.line + 1
        return super().construct_mapping(node, deep=deep)

"""Definitions where a reader needs them: the first use of each term in a document's prose opens its meaning.

In HTML a term is a button with a popover, so that it works by keyboard and touch and without scripts;
`templates/previews.js` also opens it on hover and focus. The terms are in `report/glossary.yaml`.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backprop import strict_yaml
from backprop.documents import pages
from backprop.protocol import UserError

TEXT = ("Para", "Plain")
"""Blocks of prose, in which terms are marked."""

ENTERED = ("Emph", "Strong", "Span")
"""Inlines inside which terms are marked; the text of links, citations, code and formulas stays as it is."""

SKIPPED = ("Figure", "Table")
"""Blocks whose text is not prose."""

Terms = dict[str, tuple[str, str]]


def read(path: Path) -> Terms:
    """By each form of a term, in lower case, the term and its meaning; UserError names what is wrong."""
    content = strict_yaml.load(path)
    terms: Terms = {}
    for term, entry in content.items():
        if not isinstance(entry, dict) or set(entry) != {"words", "meaning"}:
            raise UserError(f"{path}: the entry '{term}' must hold words, meaning and nothing else.")
        if not isinstance(entry["meaning"], str) or not isinstance(entry["words"], list) or not entry["words"]:
            raise UserError(f"{path}: '{term}' needs a list of words and a meaning that is text.")
        for words in entry["words"]:
            if words.lower() in terms:
                raise UserError(f"{path}: '{words}' is a form of two terms; forms must differ.")
            terms[words.lower()] = (term, entry["meaning"])
    return terms


def with_terms(document: Mapping[str, Any], kit: Path = pages.KIT) -> dict[str, Any]:
    """The document for HTML, with the first use of each term of `kit`/glossary.yaml marked."""
    copy = json.loads(json.dumps(document))
    _Marker(read(kit / "glossary.yaml")).enter(copy["blocks"])
    return copy


class _Marker:
    """Marks terms in the order of the text, each once."""

    def __init__(self, forms: Terms) -> None:
        self.forms = forms
        self.longest = max((len(form.split()) for form in forms), default=0)
        self.marked: set[str] = set()

    def enter(self, node: Any) -> None:
        """Mark terms in all prose below `node`."""
        if isinstance(node, list):
            for child in node:
                self.enter(child)
        elif isinstance(node, dict) and node.get("t") not in SKIPPED:
            if node.get("t") in TEXT:
                node["c"] = self._inlines(node["c"])
            else:
                self.enter(node.get("c"))

    def _inlines(self, inlines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        written: list[dict[str, Any]] = []
        at = 0
        while at < len(inlines):
            used, replaced = self._term(inlines[at:])
            if not used:
                element = inlines[at]
                if element["t"] in ENTERED:
                    element = {**element, "c": self._entered(element)}
                used, replaced = 1, [element]
            written += replaced
            at += used
        return written

    def _entered(self, element: dict[str, Any]) -> Any:
        content = element["c"]
        return [content[0], self._inlines(content[1])] if element["t"] == "Span" else self._inlines(content)

    def _term(self, inlines: list[dict[str, Any]]) -> tuple[int, list[dict[str, Any]]]:
        """How many inlines at the beginning are a term that is not marked yet, and what takes their place."""
        for count in range(min(2 * self.longest - 1, len(inlines)), 0, -2):
            words, spaces = inlines[0:count:2], inlines[1:count:2]
            if any(word["t"] != "Str" for word in words) or any(s["t"] not in ("Space", "SoftBreak") for s in spaces):
                continue
            match = re.fullmatch(r"(\W*)(\w.*?)(\W*)", " ".join(word["c"] for word in words))
            term, meaning = self.forms.get(match[2].lower(), ("", "")) if match else ("", "")
            if match and term and term not in self.marked:
                self.marked.add(term)
                marked = {"t": "RawInline", "c": ["html", _button(term, match[2], meaning)]}
                around = [{"t": "Str", "c": text} if text else None for text in (match[1], match[3])]
                return count, [part for part in (around[0], marked, around[1]) if part]
        return 0, []


def _button(term: str, words: str, meaning: str) -> str:
    id_ = "term-" + re.sub(r"\W+", "-", term)
    return (
        f'<button type="button" class="term" popovertarget="{id_}">{html.escape(words)}</button>'
        f'<span popover id="{id_}" class="preview">{html.escape(meaning)}</span>'
    )

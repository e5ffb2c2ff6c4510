"""What keeps a page harmless: a Content-Security-Policy for finished HTML, and a user's text without any markup.

The policy allows nothing but what the page itself holds: its own scripts and style sheets by their hashes, and images
and fonts inside the file. A script that gets into the page in any other way does not run, and nothing is loaded.
"""

from __future__ import annotations

import base64
import hashlib
import re
import string
from html.parser import HTMLParser

CHARSET = re.compile(r'<meta charset="utf-8"/?>')
"""The first element in the head of each of our pages; the policy follows it."""

HARMLESS = " .,-'"
"""ASCII punctuation within a line that is no markup in Markdown."""

JOINERS = "\u200c\u200d"
"""Characters that do not print but belong to names in some scripts."""


def with_policy(html: str) -> str:
    """The page with a Content-Security-Policy that allows its own inline scripts and styles alone.

    Style attributes cannot be listed one by one, because drawings hold thousands; a page that has none allows none.
    """
    inline = _Inline()
    inline.feed(html)
    inline.close()
    styles = _sources(inline.content["style"])
    attributes = "'unsafe-inline'" if inline.style_attributes else "'none'"
    policy = {
        "default-src": "'none'",
        "script-src": _sources(inline.content["script"]),
        "style-src-elem": styles,
        "style-src-attr": attributes,
        # for browsers that do not know the two directives above, which are from 2018
        "style-src": attributes if inline.style_attributes else styles,
        "img-src": "data:",
        "font-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    text = "; ".join(f"{name} {allowed}" for name, allowed in policy.items())
    page, found = CHARSET.subn(
        lambda charset: f'{charset[0]}\n<meta http-equiv="Content-Security-Policy" content="{text}">', html, count=1
    )
    if not found:
        raise ValueError("the page has no charset, which the policy follows")
    return page


def one_line(text: str) -> str:
    """Text of a user on one line: characters that do not print, such as a line break, become spaces."""
    printable = "".join(c if c.isprintable() or c in JOINERS else " " for c in text)
    return " ".join(printable.split())


def as_markdown(text: str) -> str:
    """Markdown that shows a user's text as it is, on one line: its punctuation is written as character references.

    pandoc, JupyterLab and nbconvert read a character reference as text and never as markup.
    """
    markup = set(string.punctuation) - set(HARMLESS)
    return re.sub(r"--+|\.\.\.+", lambda dashes: _references(dashes[0]), "".join(
        _references(c) if c in markup else c for c in one_line(text)
    ))  # fmt: skip


def _references(text: str) -> str:
    return "".join(f"&#{ord(c)};" for c in text)


def _sources(contents: list[str]) -> str:
    """Inline elements as a policy lists them, each once, in their order."""
    digests = [hashlib.sha256(content.encode("utf-8")).digest() for content in contents]
    names = [f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests]
    return " ".join(dict.fromkeys(names)) or "'none'"


class _Inline(HTMLParser):
    """The contents of the inline scripts and styles of a page, and whether it has style attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.content: dict[str, list[str]] = {"script": [], "style": []}
        self.style_attributes = False
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.style_attributes |= any(name == "style" for name, _ in attrs)
        if tag in self.content:
            self._open = tag
            self.content[tag].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.style_attributes |= any(name == "style" for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.content[self._open][-1] += data

"""The live network: a document's block `.live` gets, in HTML, the network that trains in the reader's browser."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backprop.documents import pages, templates


def with_live_network(
    document: Mapping[str, Any], context: Mapping[str, Any], kit: Path = pages.KIT
) -> Mapping[str, Any]:
    """The document with the markup and the script of the live network in each of its `.live` blocks.

    The block holds the figure that takes its place in print, in the PDF and without scripts. It stays as it is if the
    results hold no network that the script can train.

    Args:
        document: pandoc's document, as `pages.parse` returns it.
        context: the findings, by experiment; the settings of the networks are `symmetry.values.stories`.
        kit: folder of live.html.j2 and live.js.
    """
    if not any(_is_live(block) for block in document["blocks"]) or not context["symmetry"]["values"]["stories"]:
        return document
    script = (kit / "live.js").read_text(encoding="utf-8")
    html = templates.render_file(kit / "live.html.j2", {**context, "script": script})
    blocks = [_with(block, html) if _is_live(block) else block for block in document["blocks"]]
    return {**document, "blocks": blocks}


def _is_live(block: Mapping[str, Any]) -> bool:
    return block["t"] == "Div" and "live" in block["c"][0][1]


def _with(block: Mapping[str, Any], html: str) -> dict[str, Any]:
    attributes, blocks = block["c"]
    return {"t": "Div", "c": [attributes, [*blocks, {"t": "RawBlock", "c": ["html", html]}]]}

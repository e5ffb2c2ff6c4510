"""The page of `backprop inspect --html`: one file with the drawing of the network, that loads nothing."""

from __future__ import annotations

from pathlib import Path

import jinja2
import numpy as np

from backprop import plots
from backprop.diagnosis import inspection_text
from backprop.diagnosis.inspection import Inspection, as_logistic
from backprop.diagnosis.layers import Network
from backprop.experiments.symmetry import measures

TEMPLATE = Path(__file__).parents[3] / "report" / "templates" / "inspection.html.j2"


def render(inspected: Inspection) -> str:
    """The page as HTML."""
    language = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return language.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        file=inspected.file.name,
        numbers=inspected.numbers,
        text={
            name: getattr(inspection_text, name)(inspected)
            for name in ("conventions", "result", "failing", "diagnosis", "header", "rows", "standing", "alignment")
        },
        drawing=jinja2.filters.Markup(draw(inspected)),
        fixed=lambda value: inspection_text.fixed(value, 3),
    )


def draw(inspected: Inspection) -> str:
    """The network, turned to match RHW Fig. 1 too if it solves the task, and RHW Fig. 1, as an svg element."""
    diagrams = [(inspected.network, "this network")]
    turned = _turned(inspected)
    if turned:
        diagrams.append((turned, "turned to match RHW Fig. 1"))
    diagrams.append((Network(*measures.FIGURE_1), "RHW Fig. 1"))
    fig = plots.figure(plots.WIDE * len(diagrams) / 3, 3.7)
    for ax, (network, title) in zip(fig.subplots(1, len(diagrams)), diagrams, strict=True):
        layer_1, layer_2 = network.layer_1, network.layer_2[0]
        subtitle = f"largest weight {plots.number(np.abs(layer_1[:, :-1]).max())}"
        plots.network_diagram(ax, layer_1[:, :-1], layer_1[:, -1], layer_2[:-1], float(layer_2[-1]), title, subtitle)
    svg = plots.save(fig).decode("utf-8")
    return svg[svg.index("<svg") :]


def _turned(inspected: Inspection) -> Network | None:
    equivalent = as_logistic(inspected.network, inspected.protocol)
    if equivalent is None or not inspected.numbers["solved"]:
        return None
    layers = equivalent.layer_1[None], equivalent.layer_2[None]
    _, index = measures.distance_to(*layers)
    layer_1, layer_2 = measures.apply_symmetry(*layers, measures.symmetries()[index[0]])
    return Network(layer_1[0], layer_2[0])

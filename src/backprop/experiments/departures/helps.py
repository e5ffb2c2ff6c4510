"""The figure of what helps and what hurts: every alternative at its best rate, by kind, under both target codings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from backprop import plots
from backprop.experiments.departures.tuned import STUDIES
from backprop.plots import style
from backprop.results.variant import Run

EFFECTS = {
    "better": (style.BLUE, "o", "better than the rate alone"),
    "": (style.MUTED, "s", "no clear difference"),
    "worse": (style.VERMILLION, "v", "worse than the rate alone"),
}
"""Colour, marker and name of the effects of an alternative, compared with the paper's protocol with its rate tuned."""


def helps(runs: Mapping[str, Run], values: Mapping[str, Any]) -> Figure:
    """Solve rates at the best rate on fresh seeds, one panel per coding, and the rate beside each."""
    tuned = values["tuned"]
    codings = {coding: tuned["codings"][coding] for coding in values["codings"] if coding in tuned["codings"]}
    first = {coding: own["tuned"] | {"effect": ""} for coding, own in codings.items()}
    rows: list[tuple[str, bool, Mapping[str, Any]]] = [("rate alone", False, first)]
    for kind in STUDIES:
        rows += [(kind, True, {}), *((row["name"], False, row["cells"]) for row in tuned["kinds"][kind])]
    starts = [k - 0.5 for k, (_, is_kind, _) in enumerate(rows) if is_kind]
    fig = plots.figure(plots.COLUMN, 0.134 * len(rows) + 1.1)
    plots.headline(fig, title(codings))
    axes = np.atleast_1d(fig.subplots(1, len(codings), sharey=True))
    for ax, (coding, own) in zip(axes, codings.items(), strict=True):
        _panel(ax, [cells.get(coding) for _, _, cells in rows], own["paper"]["solved"]["rate"])
        ax.set_title(f"targets {coding}", fontweight="normal", pad=17)
        ax.set_xlabel(f"solved by sweep {own['paper']['cap']:,}")
        ax.hlines(starts, 0, 1, color=style.RULE, lw=0.8, transform=ax.get_yaxis_transform(), zorder=0)
    axes[0].set_yticks(range(len(rows)), labels=[name for name, _, _ in rows])
    axes[0].set_ylim(len(rows) - 0.5, -0.5)
    for name, (_, is_kind, _) in zip(axes[0].get_yticklabels(), rows, strict=True):
        if is_kind:
            name.set(fontweight="bold")
    handles = [Line2D([], [], color=c, marker=m, lw=1.6, ms=4.6, label=name) for c, m, name in EFFECTS.values()]
    fig.legend(handles=handles, loc="outside lower center", ncols=3, handlelength=1.6, columnspacing=1.4)
    return fig


def title(codings: Mapping[str, Mapping[str, Any]]) -> str:
    """What helps most under each coding, in one line."""
    parts = []
    for coding, own in codings.items():
        targets = " and ".join(coding.split("/"))
        if own["enough"]:
            parts.append(f"towards {targets} a tuned rate is enough")
        elif own["top"]:
            parts.append(f"towards {targets} most help comes from {' and '.join(own['better'][:2])}")
        else:
            parts.append(f"towards {targets} nothing beats a tuned rate")
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]


def _panel(ax: Axes, cells: Sequence[Mapping[str, Any] | None], paper: float) -> None:
    """A dot with its interval for each cell, a line at the `paper`'s share, and the learning rates at the right."""
    for row, cell in enumerate(cells):
        if cell is None:
            continue
        colour, marker, _ = EFFECTS[cell["effect"]]
        solved = cell["solved"]
        ax.hlines(row, solved["low"], solved["high"], color=colour, lw=1.6, zorder=2)
        ax.plot(solved["rate"], row, marker, color=colour, ms=4.6, zorder=3, clip_on=False)
        ax.annotate(
            f"{cell['epsilon']:g}", (1, row), (30, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", va="center", fontsize=style.SMALL,
        )  # fmt: skip
    ax.annotate(
        "ε", (1, 1), (30, 4), xycoords="axes fraction", textcoords="offset points", ha="right", va="bottom",
        fontsize=style.SMALL,
    )  # fmt: skip
    ax.axvline(paper, color=style.INK, lw=0.9, ls=style.DASHES[1], zorder=1)
    ax.annotate(
        "the paper's protocol", (paper, 1), (0, 4), xycoords=("data", "axes fraction"), textcoords="offset points",
        ha="center", va="bottom", fontsize=style.SMALL,
    )  # fmt: skip
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x")
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.5, 1])
    style.percent_ticks(ax.xaxis)

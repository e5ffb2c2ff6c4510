"""The figure of the symmetry networks trained from losses alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from backprop import plots
from backprop.results.variant import Run


def learning(runs: Mapping[str, Run], values: Mapping[str, Any]) -> Figure:
    """Share of unsolved networks over the sweeps, with the gradient and with each number of samples."""
    fig, ax = plots.axes(plots.COLUMN, 2.9)
    groups = {}
    for row in [*reversed(values["search"]), values["exact"]]:
        table = runs[row["variant"]].table
        table = table[table.samples == row["samples"]]
        label = f"N = {row['samples']}" if row["samples"] else "gradient"
        groups[label] = (table.sweeps.fillna(row["cap"]).to_numpy(), table.solved.to_numpy())
    plots.survival_curves(ax, groups, cap=values["cap"])
    return fig


FIGURES = {"learning": learning}

"""Figures of the task and of one network on its way: pure functions of saved results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Patch, Rectangle

from backprop import plots
from backprop.experiments.symmetry import measures
from backprop.plots import style
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]

MISS = "110111"
"""A string of six bits that is a palindrome but for one pair of bits: the near miss of the figure of the task."""

KINDS = {
    "hidden unit 1": (style.BLUE, style.DASHES[0]),
    "hidden unit 2": (style.VERMILLION, style.DASHES[1]),
    "hidden biases": (style.GREEN, style.DASHES[2]),
    "to the output": (style.PURPLE, style.DASHES[3]),
    "output bias": (style.INK, style.DASHES[0]),
}
"""The 17 weights by kind, with colour and dashes."""


def task(runs: Runs, values: Values) -> Figure:
    """The eight palindromes, a near miss, and the network that has to tell palindromes from all other strings."""
    fig = plots.figure(plots.COLUMN, 1.85)
    left, right = fig.subplots(1, 2, width_ratios=(1.28, 1))
    inputs = measures.cases()
    palindromes = ["".join(f"{bit:.0f}" for bit in row) for row in inputs[measures.is_palindrome(inputs)]]
    for k, string in enumerate(palindromes):
        _string(left, 8.2 * (k // 4), -1.25 * (k % 4), string)
    _string(left, 4.1, -6.6, MISS)
    left.text(6.6, 0.95, f"the {len(palindromes)} palindromes", ha="center", fontweight="bold")
    left.text(6.6, -5.75, "a near miss: one pair of bits differs", ha="center", fontweight="bold", va="bottom")
    left.set(xlim=(-0.7, 13.9), ylim=(-7.5, 1.9), aspect="equal")
    _architecture(right)
    for ax in (left, right):
        ax.axis("off")
    return fig


def _string(ax: Axes, x: float, y: float, string: str) -> None:
    """Six bits as cells, 1 is dark; a dashed axis in the middle, and frames around a pair of bits that differ."""
    for k, bit in enumerate(string):
        on, differs = bit == "1", bit != string[-1 - k]
        cell = Rectangle(
            (x + k - 0.44, y - 0.44), 0.88, 0.88, facecolor=style.BLUE if on else "white", edgecolor=style.MUTED,
            lw=0.7, gid=plots.FIXED if on else None,
        )  # fmt: skip
        ax.add_patch(cell)
        _bit(ax, x + k, y, on)
        if differs:
            frame = Rectangle((x + k - 0.54, y - 0.54), 1.08, 1.08, fill=False, edgecolor=style.VERMILLION, lw=1.8)
            ax.add_patch(frame)
    ax.plot([x + 2.5, x + 2.5], [y - 0.6, y + 0.6], color=style.INK, lw=0.9, ls=style.DASHES[2])


def _architecture(ax: Axes) -> None:
    """The 6-2-1 network with every connection, its input a palindrome."""
    columns, hidden = np.arange(6) - 2.5, (-1.3, 1.3)
    for unit in hidden:
        for x in columns:
            ax.plot([x, unit], [0, 2.1], color=style.RULE, lw=0.9, zorder=0)
        ax.plot([unit, 0], [2.1, 4.2], color=style.RULE, lw=0.9, zorder=0)
    for x, bit in zip(columns, "011110", strict=True):
        on = bit == "1"
        _unit(ax, x, 0, on)
        _bit(ax, x, 0, on)
    for x in hidden:
        _unit(ax, x, 2.1, False)
    _unit(ax, 0, 4.2, True)
    _bit(ax, 0, 4.2, True)
    ax.text(0.6, 4.2, "output: is it a\npalindrome?", va="center", linespacing=1.25)
    ax.text(2.0, 2.1, "2 hidden\nunits", va="center", linespacing=1.25)
    ax.text(0, -0.75, "6 inputs", ha="center", va="center")
    ax.set(xlim=(-3.2, 3.7), ylim=(-1.1, 4.8), aspect="equal")


def _unit(ax: Axes, x: float, y: float, on: bool) -> None:
    circle = Circle((x, y), 0.36, facecolor=style.BLUE if on else "white", edgecolor=style.MUTED, lw=0.8)
    circle.set_gid(plots.FIXED if on else None)
    ax.add_patch(circle)


def _bit(ax: Axes, x: float, y: float, on: bool) -> None:
    """The value of a bit or unit; on a dark ground it is white, also in dark mode."""
    text = ax.text(x, y - 0.03, f"{on:d}", ha="center", va="center", color="white" if on else style.INK)
    text.set_gid(plots.FIXED if on else None)


def one_network(runs: Runs, values: Values) -> Figure:
    """One network at the paper's sweep, as the report shows it live: its weights, E over sweeps, and all outputs."""
    fig = plots.figure(plots.COLUMN, 3.3)
    run, traced = runs[values["traced"]["variant"]], values["traced"]
    sweeps, errors, layer_1, layer_2 = traced_path(run)
    axes = fig.subplot_mosaic("we\nwo", width_ratios=(1.25, 1), height_ratios=(1, 1.7))
    diagram(axes["w"], (layer_1[-1], layer_2[-1]), f"seed {traced['seed']}", f"after {sweeps[-1]:,} sweeps")
    ax = axes["e"]
    ax.semilogy(sweeps, errors, color=style.POSITIVE)
    ax.set(title="error E", xlabel="sweeps", xlim=(0, sweeps[-1]))
    plots.number_ticks(ax.xaxis)
    style.log_ticks(ax.yaxis)
    _outputs(axes["o"], measures.outputs(layer_1[-1:], layer_2[-1:], measures.cases())[0])
    return fig


def trajectory(runs: Runs, values: Values) -> Figure:
    """The 17 weights of the traced network over sweeps, and E below."""
    traced = values["traced"]
    sweeps, errors, layer_1, layer_2 = traced_path(runs[traced["variant"]])
    fig = plots.figure(plots.COLUMN, 2.85)
    above, below = fig.subplots(2, 1, sharex=True, height_ratios=(2.6, 1))
    lines = {
        "hidden unit 1": layer_1[:, 0, :-1], "hidden unit 2": layer_1[:, 1, :-1], "hidden biases": layer_1[:, :, -1],
        "to the output": layer_2[:, 0, :-1], "output bias": layer_2[:, 0, -1:],
    }  # fmt: skip
    for kind, (colour, dash) in KINDS.items():
        drawn = above.plot(sweeps, lines[kind], color=colour, ls=dash, lw=1.3)
        drawn[0].set_label(kind)
    fig.legend(
        *above.get_legend_handles_labels(), loc="outside lower center", handlelength=2.2, ncols=5, columnspacing=1.1
    )
    above.set(ylabel="weight")
    below.semilogy(sweeps, errors, color=style.INK, lw=1.3)
    below.set(ylabel="error E", xlabel="sweeps", xlim=(0, sweeps[-1]))
    style.log_ticks(below.yaxis)
    plots.number_ticks(below.xaxis)
    for ax in (above, below):
        ax.grid(axis="y")
        if traced["solved_at"] is not None:
            ax.axvline(traced["solved_at"], color=style.MUTED, lw=0.9, ls=style.DASHES[2])
    if traced["solved_at"] is not None:
        mirrored = traced["plateau"] and traced["mirrored"]
        above.set_title("After a plateau, the mirror pattern grows quickly" if mirrored else "The way to a solution")
        above.annotate(
            f" solved at sweep {traced['solved_at']:,.0f}", (traced["solved_at"], 0), (2, 4), va="bottom",
            xycoords=("data", "axes fraction"), textcoords="offset points", color=style.MUTED,
        )  # fmt: skip
    else:
        above.set_title(f"The weights of seed {traced['seed']}, which does not solve the task")
    return fig


def moments(runs: Runs, values: Values) -> Figure:
    """The 64 inputs in the plane of the two hidden units' outputs, at six moments of the traced network's training."""
    traced = values["traced"]
    run = runs[traced["variant"]]
    sweeps, _, layer_1, layer_2 = traced_path(run)
    inputs = measures.cases(run.protocol["bits"], *run.protocol["inputs"])
    palindrome = measures.is_palindrome(inputs)
    middle = float(np.mean(run.protocol["targets"]))
    fig = plots.figure(plots.WIDE, 2.15)
    axes = fig.subplots(1, 6, sharex=True, sharey=True)
    for ax, sweep in zip(axes.flat, traced["moments"], strict=True):
        at = int(np.searchsorted(sweeps, sweep))
        hidden = measures.logistic(measures.hidden_inputs(layer_1[at : at + 1], inputs))[0]
        if not _region(ax, layer_2[at, 0], middle):
            ax.text(
                1.03, 1.03, "never says\n“palindrome”", ha="right", va="top", fontsize=style.SMALL, color=style.MUTED
            )
        ax.scatter(*hidden[~palindrome].T, s=14, color=style.VERMILLION, marker="x", lw=0.9, label="other inputs")
        ax.scatter(
            *hidden[palindrome].T, s=24, facecolor=style.BLUE, edgecolor="white", lw=0.5, zorder=3, label="palindromes"
        )
        ax.set_title(f"sweep {sweep:,}", fontweight="normal")
        ax.set(xlim=(-0.05, 1.05), ylim=(-0.05, 1.05), aspect="equal", xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
        for axis in (ax.xaxis, ax.yaxis):
            plots.number_ticks(axis)
    off, on = hidden[palindrome].max() < 0.5, hidden[~palindrome].max(axis=1).min() > 0.5
    plots.headline(
        fig, "In the end palindromes leave both hidden units off, and every other input puts one on"
        if off and on else "How the hidden units come to tell the inputs apart",
    )  # fmt: skip
    for ax in axes:
        ax.set_xlabel("hidden unit 1")
    axes[0].set_ylabel("hidden unit 2")
    handles, labels = axes[0].get_legend_handles_labels()
    one_dot = np.ptp(hidden[palindrome], axis=0).max() < 0.02
    labels[-1] = f"the {palindrome.sum()} palindromes" + (", at last as one dot" if one_dot else "")
    handles, labels = [*handles[::-1], Patch(color=style.SKY, alpha=0.3)], [*labels[::-1], "output: “palindrome”"]
    fig.legend(handles, labels, loc="outside lower right", ncols=3, handletextpad=0.4)
    return fig


def _region(ax: Axes, weights: np.ndarray, middle: float) -> bool:
    """Shade where the output unit, with `weights` [2 + bias], is on its palindromes' side of the middle, if anywhere.

    Returns whether there is such a region.
    """
    y = np.linspace(-0.05, 1.05, 160)
    total = weights[0] * y[None, :] + weights[1] * y[:, None] + weights[2]
    on = measures.logistic(total) > middle
    if on.any():
        ax.contourf(y, y, on, levels=[0.5, 1.5], colors=[style.SKY], alpha=0.3)
    return bool(on.any())


def diagram(ax: Axes, layers: tuple[np.ndarray, np.ndarray], title: str, subtitle: str) -> None:
    """The network as RHW Fig. 1 draws it; a full bar is the largest printed weight."""
    layer_1, layer_2 = layers
    plots.network_diagram(
        ax, layer_1[:, :-1], layer_1[:, -1], layer_2[0, :-1], layer_2[0, -1], title, subtitle, largest=14.5
    )


def traced_path(run: Run) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sweeps [T], E [T], and the layers [T, units, inputs + 1] of the network that was recorded on its way."""
    arrays = run.arrays
    layer_1, layer_2 = (arrays[name].astype(float) for name in ("traced_layer_1", "traced_layer_2"))
    return arrays["traced_sweeps"], arrays["traced_errors"], layer_1, layer_2


def _outputs(ax: Axes, outputs: np.ndarray) -> None:
    """The outputs [64] of a network with six inputs: rows are left halves, columns mirrored right halves."""
    halves = [f"{half:03b}" for half in range(8)]
    columns = [int(half[::-1], 2) for half in halves]
    ax.imshow(outputs.reshape(8, 8)[:, columns], cmap="Blues", vmin=0, vmax=1.15)
    for place in range(8):
        ax.add_patch(Rectangle((place - 0.45, place - 0.45), 0.9, 0.9, fill=False, edgecolor=style.INK, lw=1.2))
    ax.set_xticks(range(8), [half[::-1] for half in halves], rotation=90)
    ax.set_yticks(range(8), halves)
    ax.set(title="output for each input", xlabel="right half", ylabel="left half")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)

"""The figures of the regression: the loss of descent beside least squares, and the distribution that 0.9005 is from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from backprop import plots
from backprop.plots.style import BLUE, DASHES, INK, MUTED, SERIES, SMALL, VERMILLION, plain_ticks
from backprop.results.variant import Run

Runs = Mapping[str, Run]


def losses(runs: Runs, values: Mapping[str, Any]) -> Figure:
    """Left, the plot of the lab for all data sets; right, the distance from least squares, for every variant."""
    fig = plots.figure(plots.WIDE, 3.1)
    left, right = fig.subplots(1, 2, width_ratios=(1, 1.15))
    _lab_plot(left, runs["paper"])
    ends = []
    for k, run in enumerate(runs.values()):
        gap = run.arrays["mse"] - run.arrays["least_squares_mse"][:, None]
        middle = _quantiles(gap, (0.5,))[0]
        colour, epochs = SERIES[k], np.arange(gap.shape[1])
        right.plot(epochs, middle, color=colour, ls=DASHES[k % len(DASHES)])
        if np.isfinite(middle[-1]):
            ends.append(plots.End(epochs[-1], middle[-1], label(run), colour))
    right.set_yscale("log")
    right.set(xlabel="epoch", ylabel="mean squared error above least squares", title="Distance from least squares")
    right.set_xlim(0, runs["paper"].arrays["mse"].shape[1] - 1)
    right.grid(axis="y")
    plots.EndLabels(right, ends)
    return fig


def least_squares(runs: Runs, values: Mapping[str, Any]) -> Figure:
    """Histogram of least-squares errors with the theoretical density and the value of the lab."""
    fig, ax = plots.axes(plots.COLUMN, 2.7)
    summary, mse = values["least_squares"], runs["paper"].table.least_squares_mse.to_numpy()
    theory = stats.chi2(summary["freedom"], scale=summary["theory_mean"] / summary["freedom"])
    low, high = theory.ppf((0.0005, 0.9995))
    x = np.linspace(min(low, mse.min()), max(high, mse.max()), 400)
    bins = np.linspace(x[0], x[-1], 19)
    ax.hist(mse, bins=bins.tolist(), density=True, color=BLUE, alpha=0.35, lw=0)
    ax.plot(x, theory.pdf(x), color=INK, lw=1.3)
    ax.axvline(values["line"], color=VERMILLION, ls=DASHES[1], lw=1.3)
    top = 1.22 * ax.get_ylim()[1]
    ax.set_ylim(0, top)
    ax.annotate(
        f"lab 000: {values['line']}\n{plots.percent(summary['below']['rate'])} are below it",
        (values["line"], 0.98 * top), (-6, 0), textcoords="offset points", ha="right", va="top", fontsize=SMALL,
        color=VERMILLION,
    )  # fmt: skip
    at = theory.ppf(0.98)
    ax.annotate(f"theory: chi-square,\n{summary['freedom']} degrees of freedom", (at, theory.pdf(at)), (8, 16),
                textcoords="offset points", fontsize=SMALL)  # fmt: skip
    at = theory.ppf(0.08)
    ax.annotate(f"{summary['data_sets']:,} data sets", (at, theory.pdf(at)), (-10, 8), ha="right",
                textcoords="offset points", fontsize=SMALL, color=BLUE)  # fmt: skip
    ax.set(xlabel="mean squared error of least squares", ylabel="data sets, as a density", xlim=(x[0], x[-1]))
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    return fig


def label(run: Run) -> str:
    """A variant named by its learning rate: "rate 0.01, decaying"."""
    return f"rate {run.protocol['learning_rate']:g}" + (", decaying" if run.protocol["decay"] < 1 else ", constant")


def _lab_plot(ax: Axes, run: Run) -> None:
    mse = run.arrays["batch_mse"]
    optimum = float(np.median(run.arrays["least_squares_mse"]))
    epochs = np.arange(1, mse.shape[1] + 1)
    low, middle, high = _quantiles(mse, (0.025, 0.5, 0.975))
    ax.fill_between(epochs, low, high, color=BLUE, alpha=0.2, lw=0)
    ax.plot(epochs, middle, color=BLUE)
    ax.axhline(optimum, color=VERMILLION, ls=DASHES[1], lw=1.2)
    ax.annotate("least squares", (epochs[-1], optimum), (0, -3), textcoords="offset points", ha="right", va="top",
                color=VERMILLION, fontsize=SMALL)  # fmt: skip
    at = int(np.searchsorted(epochs, epochs[-1] / 3))
    ax.annotate("descent: middle 95% of the data sets", (epochs[at], high[at]), (4, 6), textcoords="offset points",
                color=BLUE, fontsize=SMALL)  # fmt: skip
    ax.set_yscale("log")
    ax.set_ylim(0.55, None)  # with room for words below least squares
    plain_ticks(ax.yaxis, [v for v in (1, 2, 5, 10, 20, 50) if v < ax.get_ylim()[1]])
    ax.tick_params(axis="y", which="minor", color=MUTED)
    ax.set(xlabel="epoch", ylabel="mean squared error", title="The lab's curve", xlim=(1, epochs[-1]))
    ax.grid(axis="y")


def _quantiles(rows: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    """Quantiles over the data sets; a diverged one counts as infinite, and infinite quantiles are not drawn."""
    with np.errstate(invalid="ignore"):  # between two infinite ones
        quantiles = np.quantile(np.where(np.isfinite(rows), rows, np.inf), shares, axis=0)
    return np.where(np.isfinite(quantiles), quantiles, np.nan)


FIGURES: dict[str, Callable[[Runs, Mapping[str, Any]], Figure]] = {
    "losses": losses,
    "least_squares": least_squares,
}

"""Draws the picture of the README from the results of a full run: uv run python .github/figure_1.py"""

from pathlib import Path

from backprop import plots
from backprop.experiments.symmetry import analyse, figures, findings
from backprop.results.variant import Run

runs = {name: Run(Path("results/symmetry", name), analyse.COLUMNS) for name in ("paper", "targets_0.1_0.9")}
picture = plots.save(figures.figure_1(runs, findings.values(runs)), "png", dpi=200)
Path(__file__).with_suffix(".png").write_bytes(picture)

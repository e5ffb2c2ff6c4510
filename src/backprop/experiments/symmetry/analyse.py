"""One row per network: when it solved the task, and measures of its weights."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.protocol import BOUNDS, Protocol
from backprop.results.tables import Column

RESIDUAL, RATIO = 0.05, 0.10
"""Tolerances: of equal and opposite weights (share of the largest weight), and of the ratio 1:2:4 (relative)."""

FAMILIES = {"1:2:4": (2.0, 4.0), "2:3:4": (1.5, 2.0)}
"""The two families that are found: the ratios of the middle and the largest magnitude to the smallest."""

COLUMNS = (
    Column("seed", pa.int64(), "the network's seed"),
    Column("solved", pa.bool_(), "all outputs correct at some sweep up to the cap"),
    *(
        Column(f"sweeps_{bound:g}", pa.float64(), f"first sweep with all |error| < {bound:g}; nan: never", "sweeps")
        for bound in BOUNDS
    ),
    Column("error_at_cap", pa.float64(), "E, equation (3), at the end of training"),
    Column("mirror_residual", pa.float64(), "S6: max |w_i + w_7-i| over the largest |w|"),
    Column("opposite_residual", pa.float64(), "S7: max |w_1i + w_2i| over the largest |w|"),
    Column("magnitude_small", pa.float64(), "S8: smallest mean |w| of a mirror pair"),
    Column("magnitude_middle", pa.float64(), "S8: the middle one"),
    Column("magnitude_large", pa.float64(), "S8: the largest one"),
    Column("ratio_middle", pa.float64(), "S8: middle over small"),
    Column("ratio_large", pa.float64(), "S8: large over small"),
    Column("family", pa.string(), "family of magnitude ratios; empty unless solved"),
    Column("order", pa.string(), "S14: ranks of the outer, middle and inner pair, largest = 3"),
    Column("signs", pa.string(), "S14: signs of outer, middle, inner in the unit with a positive outer weight"),
    Column("signs_as_printed", pa.bool_(), "S10: hidden biases and output weights negative, output bias positive"),
    Column("palindromes_off", pa.float64(), "S11: share of palindromes with all hidden units off"),
    Column("others_one_on", pa.float64(), "S11: share of the other inputs with exactly one hidden unit on"),
    Column("smallest_gap", pa.float64(), "S12: smallest gap between half sums, over the largest |w|"),
    Column("as_figure_1", pa.bool_(), "S13: S6, S7, S8 and S10 together"),
    Column(
        "distance", pa.float64(), "distance to RHW Fig. 1 at sweep 1,425, up to symmetries, over the norm of the print"
    ),
    Column("symmetry", pa.int64(), "the symmetry that brings it closest to RHW Fig. 1, an index into symmetries()"),
)


def reference(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> measures.Families:
    """The families among these networks, which are some of many: those to which `analyse` then assigns each network."""
    solved = arrays["first_sweep"][:, 0] >= 0
    return measures.Families.among(*measures.magnitude_ratios(arrays["layer_1"][solved, -1].astype(float)))


def analyse(
    protocol: Protocol, arrays: Mapping[str, np.ndarray], families: measures.Families | None = None
) -> pd.DataFrame:
    """Measure every network of one variant at the cap, and its distance to RHW Fig. 1 at sweep 1,425.

    Without `families` they are found among the networks themselves.
    """
    table = measure(protocol, arrays)
    table["family"] = _families(table, families)
    near = (np.abs(table["ratio_middle"] / 2 - 1) < RATIO) & (np.abs(table["ratio_large"] / 4 - 1) < RATIO)
    table["as_figure_1"] = (
        (table["mirror_residual"] < RESIDUAL)
        & (table["opposite_residual"] < RESIDUAL)
        & near
        & table["signs_as_printed"]
    )
    table |= _distances(protocol, arrays)
    return pd.DataFrame(table)


def measure(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Measures of each network at the cap, by column, without comparison to other networks or to RHW Fig. 1.

    Measures that are defined only for a 6-2-1 network are nan (or empty, or False) for others.
    """
    layer_1, layer_2 = (arrays[name][:, -1].astype(float) for name in ("layer_1", "layer_2"))
    first = arrays["first_sweep"]
    inputs = measures.cases(protocol.bits, *protocol.inputs)
    off, one_on = measures.hidden_states_as_described(layer_1, inputs)
    table = {
        "seed": arrays["seeds"],
        "solved": first[:, 0] >= 0,
        **{f"sweeps_{b:g}": np.where(first[:, i] >= 0, first[:, i], np.nan) for i, b in enumerate(BOUNDS)},
        "error_at_cap": arrays["errors"][:, -1].astype(float),
        "mirror_residual": measures.mirror_residual(layer_1),
        "opposite_residual": measures.opposite_residual(layer_1),
        "signs_as_printed": measures.signs_as_printed(layer_1, layer_2),
        "palindromes_off": off,
        "others_one_on": one_on,
        "smallest_gap": measures.smallest_gap(layer_1),
    }
    return table | _ratios(protocol, layer_1)


def family_of(middle: np.ndarray, large: np.ndarray) -> np.ndarray:
    """The family of FAMILIES whose ratios these are, both within RATIO, or "other"."""
    names = np.full(middle.shape, "other", dtype=object)
    for name, (a, b) in FAMILIES.items():
        names[(np.abs(middle / a - 1) < RATIO) & (np.abs(large / b - 1) < RATIO)] = name
    return names


def _ratios(protocol: Protocol, layer_1: np.ndarray) -> dict[str, np.ndarray]:
    networks = len(layer_1)
    nothing, empty = np.full(networks, np.nan), np.full(networks, "", dtype=object)
    if protocol.bits != 6:
        names = ("magnitude_small", "magnitude_middle", "magnitude_large", "ratio_middle", "ratio_large")
        return dict.fromkeys(names, nothing) | dict.fromkeys(("order", "signs"), empty)
    sizes = np.sort(measures.magnitudes(layer_1), axis=1)
    middle, large = measures.magnitude_ratios(layer_1)
    return {
        "magnitude_small": sizes[:, 0],
        "magnitude_middle": sizes[:, 1],
        "magnitude_large": sizes[:, 2],
        "ratio_middle": middle,
        "ratio_large": large,
        "order": measures.order_of_magnitudes(layer_1),
        "signs": measures.sign_pattern(layer_1),
    }


def _families(table: Mapping[str, np.ndarray], known: measures.Families | None) -> np.ndarray:
    """The families of the solved networks."""
    family, solved = np.full(len(table["solved"]), "", dtype=object), table["solved"]
    if np.isfinite(table["ratio_middle"]).any():
        ratios = table["ratio_middle"][solved], table["ratio_large"][solved]
        family[solved] = known.of(*ratios) if known else measures.families(*ratios)[0]
    return family


def _distances(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    if protocol.bits != 6 or protocol.hidden_units != 2:
        networks = len(arrays["seeds"])
        return {"distance": np.full(networks, np.nan), "symmetry": np.zeros(networks, dtype=int)}
    at_mark = 0  # the first kept sweep is the paper's 1,425, or the cap if that is earlier
    distance, symmetry = measures.distance_to(arrays["layer_1"][:, at_mark], arrays["layer_2"][:, at_mark])
    return {"distance": distance, "symmetry": symmetry}

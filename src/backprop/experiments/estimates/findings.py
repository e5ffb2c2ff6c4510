"""The numbers that the text prints about gradient estimates, and verdicts on the lab's formulas and on theory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from backprop.choices import ESTIMATORS
from backprop.datasets import is_stand_in
from backprop.evidence.verdicts import NOT_JUDGED, verdict
from backprop.experiments.estimates.analyse import expected_cosine
from backprop.experiments.estimates.protocol import PRINTED_ESTIMATE, PRINTED_SAMPLES
from backprop.results.variant import Run

SLOPE = 0.01
"""The largest relative difference from the true slope that the lab's finite difference may have (claim E1)."""

FACTOR = 5
"""The factor within which the least error of a finite difference must follow theory (claim E2)."""

CLOSE, ENOUGH = 0.1, 100
"""The largest relative difference of a mean cosine from theory, and the samples from which it is judged (claim E3)."""

FAR = 100
"""How many times smaller than the noise the gradient must be for an estimate to count as noise (claim E4)."""

CLEAR, TIMES = 0.1, 3
"""The least cosine with the mean loss subtracted, absolute and in multiples of the one without (claim E5)."""

USABLE = 0.9
"""A sigma is as good as any if its cosine reaches this share of the best."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdicts need, from the variant `paper`."""
    run = runs["paper"]
    about = run.about["provenance"]["FashionMNIST"]
    parameters = [int(d) for d in run.arrays["parameters"]]
    compared = parameters[run.protocol["compared"]]
    return {
        "rules": {
            "slope": SLOPE, "factor": FACTOR, "close": CLOSE, "enough": ENOUGH, "far": FAR, "clear": CLEAR,
            "times": TIMES,
        },
        "data": {"stand_in": is_stand_in(about), "detail": about["detail"]},
        "seeds": len(run.arrays["seeds"]),
        "parameters": parameters,
        "sizes": [min(parameters), max(parameters)],
        "compared": compared,
        "batch": run.protocol["batch"],
        "sigma": run.protocol["sigma"],
        "sigma_samples": run.protocol["sigma_samples"],
        "finite_differences": _finite_differences(run, compared),
        "samples": _samples(run),
        "kinds": _kinds(run),
        "sigmas": _sigmas(run),
        "printed": _printed(run),
        "lab_network": _lab_network(run),
    }  # fmt: skip


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """Verdicts on E1 to E5; stand-in images matter to E4 alone, which is about printed numbers."""
    kinds = values["kinds"]
    return {
        "E1": by_slope(values["printed"]["sign"]),
        "E2": by_gains(values["finite_differences"]["floors"]),
        "E3": by_cosines(values["samples"]),
        "E4": NOT_JUDGED if values["data"]["stand_in"] else verdict(not values["printed"]["is_noise"]),
        "E5": by_baseline(kinds["baseline"]["cosine"], kinds["plain"]["cosine"]),
    }


def by_slope(ratio: float) -> str:
    """Reproduced if a finite difference over the true slope is 1, to SLOPE."""
    return verdict(abs(ratio - 1) <= SLOPE)


def by_gains(floors: Mapping[str, Mapping[str, Any]]) -> str:
    """Reproduced if each least error falls from single to double precision as expected, within FACTOR."""
    return verdict(all(1 / FACTOR < floor["gain"] / floor["expected"] < FACTOR for floor in floors.values()))


def by_cosines(samples: Mapping[str, Any]) -> str:
    """Reproduced if all judged mean cosines are close to theory, partly if most are."""
    if not samples["judged"]:
        return NOT_JUDGED
    return verdict(samples["close"] == samples["judged"], 2 * samples["close"] > samples["judged"])


def by_baseline(baseline: float, plain: float) -> str:
    """Reproduced if the cosine with the mean loss subtracted is above CLEAR and above TIMES the one without."""
    return verdict(baseline > max(CLEAR, TIMES * abs(plain)))


def _finite_differences(run: Run, d: int) -> dict[str, Any]:
    """The least errors of finite differences in (single, double) precision, and the cost of the full gradient."""
    error, steps = np.median(run.arrays["slope_error"], 0), run.arrays["steps"]
    precision = np.finfo(np.float32).eps / np.finfo(np.float64).eps
    floors = {}
    for k, (name, power) in enumerate((("forward", 1 / 2), ("central", 2 / 3))):
        least = error[k].min(-1)
        floors[name] = {
            "steps": [float(steps[i]) for i in error[k].argmin(-1)],
            "errors": [float(e) for e in least],
            "gain": float(least[0] / least[1]),
            "expected": float(precision**power),
        }
    return {
        "floors": floors,
        "gradient_error": [float(e) for e in np.median(run.arrays["gradient_error"], 0)],
        "evaluations": 2 * d,
        "search_cosine": float(expected_cosine("baseline", 2 * d, d)),
    }


def _samples(run: Run) -> dict[str, Any]:
    """Mean cosines against theory over all networks; the cosine of the largest network with the most samples."""
    table = run.table[run.table.study == "samples"]
    means = table.groupby(["parameters", "samples"])[["cosine", "expected"]].mean().reset_index()
    judged = means[means.samples >= ENOUGH]
    off = (judged.cosine / judged.expected - 1).abs()
    most = int(means.samples.max())
    return {
        "judged": len(judged),
        "close": int((off <= CLOSE).sum()),
        "worst": float(off.max()) if len(judged) else None,
        "largest": float(means[means.samples == most].sort_values("parameters").cosine.iloc[-1]),
    }


def _kinds(run: Run) -> dict[str, dict[str, Any]]:
    """Each estimator's mean cosine at the largest number of samples that is not above that of the study of sigma."""
    table = run.table[run.table.study == "kinds"]
    counts = sorted(set(table.samples))
    at = max((count for count in counts if count <= run.protocol["sigma_samples"]), default=counts[0])
    chosen = table[table.samples == at].groupby("kind")[["cosine", "expected"]].mean()
    kinds = {}
    for kind in ESTIMATORS:
        expected = float(chosen.expected[kind])
        kinds[kind] = {
            "samples": int(at),
            "cosine": float(chosen.cosine[kind]),
            "expected": expected if np.isfinite(expected) else None,
        }
    return kinds


def _sigmas(run: Run) -> dict[str, Any]:
    """The sigmas that are as good as any for the estimator with the mean subtracted, and the best cosines."""
    table = run.table[run.table.study == "sigma"]
    mean = table.groupby(["kind", "sigma"]).cosine.mean()
    baseline, plain = mean["baseline"], mean["plain"]
    usable = baseline.index[baseline >= USABLE * baseline.max()]
    return {
        "low": float(usable.min()),
        "high": float(usable.max()),
        "best": float(baseline.max()),
        "plain_best": float(plain.max()),
        "plain_at": float(plain.idxmax()),
        "smallest": float(baseline.index.min()),
        "at_smallest": float(baseline.iloc[0]),
    }


def _printed(run: Run) -> dict[str, Any]:
    """The six printed entries against pure noise of the size of our estimates, and against the gradient."""
    entries = np.array(PRINTED_ESTIMATE)
    rms = float(np.sqrt(np.square(entries).mean()))
    noise = float(run.arrays["printed_rms"].mean())
    low, high = np.sqrt(stats.chi2.ppf([0.025, 0.975], entries.size) / entries.size) * noise
    gradient = float((run.arrays["gradient_norm"][:, -1] / np.sqrt(run.arrays["parameters"][-1])).mean())
    return {
        "entries": entries.size,
        "samples": PRINTED_SAMPLES,
        "rms": rms,
        "times": rms / gradient,
        "noise": noise,
        "range": [float(low), float(high)],
        "gradient": gradient,
        "is_noise": bool(low <= rms <= high and noise > FAR * gradient),
        "sign": float(run.arrays["printed_sign"].mean()),
    }


def _lab_network(run: Run) -> dict[str, Any]:
    """The largest network: its loss over a typical change, and the samples for a cosine of 0.5."""
    d = int(run.arrays["parameters"][-1])
    level = float((run.arrays["loss"] / run.arrays["gradient_norm"])[:, -1].mean()) / run.protocol["sigma"]
    return {
        "parameters": d,
        "level_ratio": level,
        "half": samples_for(0.5, d),
        "plain_half": (d + 1 + d * level**2) / 3,
    }


def samples_for(cosine: float, d: int) -> int:
    """Samples at which theory expects this cosine with d weights: N = c^2 (d + 1) / (1 - c^2)."""
    return round(cosine**2 * (d + 1) / (1 - cosine**2))

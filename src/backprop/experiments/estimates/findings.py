"""The numbers the text quotes about gradient estimates, and the verdicts on the lab's formulas and on theory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import fixed, percent, significant, thousands
from backprop.experiments.estimates.analyse import expected_cosine
from backprop.experiments.estimates.protocol import KINDS, PRINTED_ESTIMATE, PRINTED_SAMPLES
from backprop.results.variant import Run

CLOSE = 0.1
"""Relative difference from theory that is allowed to a mean cosine, from `ENOUGH` samples on."""
ENOUGH = 100
USABLE = 0.9
"""A sigma is as good as any if its cosine reaches this share of the best."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Everything the text and the verdicts need, from the one variant there is."""
    run = runs["paper"]
    about = run.about["provenance"]["FashionMNIST"]
    parameters = [int(d) for d in run.arrays["parameters"]]
    compared = run.protocol["compared"]
    return {
        "data": {"stand_in": about["source"] == "bundled", "detail": about.get("detail", "")},
        "seeds": len(run.arrays["seeds"]),
        "parameters": parameters,
        "compared": parameters[compared],
        "batch": run.protocol["batch"],
        "sigma": run.protocol["sigma"],
        "sigma_samples": run.protocol["sigma_samples"],
        "finite_differences": _finite_differences(run, parameters[compared]),
        "samples": _samples(run),
        "kinds": _kinds(run),
        "sigmas": _sigmas(run),
        "printed": _printed(run),
        "needed": [{"parameters": d, "half": _samples_for(0.5, d), "most": _samples_for(0.9, d)} for d in parameters],
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """E1 to E5; they hold or fail on any images, so that a stand-in does not matter except for the printed entries."""
    differences, printed, sampled = values["finite_differences"], values["printed"], values["samples"]
    floors = differences["floors"]
    kinds = {row["kind"]: row for row in values["kinds"]}
    return [
        Claim(
            "E1", "lab 003, finite difference", "(L(w) − L(w + v)) / |v| approximates the slope along v",
            "the printed formula", f"it is {fixed(printed['sign'], 3)} times the slope",
            "reproduced" if printed["sign"] > 0.99 else "not reproduced",
            "Reproduced if the ratio to the true slope, in double precision, is 1 to one percent.",
        ),
        Claim(
            "E2", "theory",
            "The least error of a finite difference falls with the precision ε as ε^(1/2) (forward), ε^(2/3) (central)",
            f"from float32 to float64 by {significant(floors['forward']['expected'])} and "
            f"{significant(floors['central']['expected'])}",
            f"by {significant(floors['forward']['gain'])} and {significant(floors['central']['gain'])}",
            "reproduced" if all(1 / 5 < f["gain"] / f["expected"] < 5 for f in floors.values()) else "not reproduced",
            "Reproduced if both gains are within a factor of 5 of theory.",
        ),
        Claim(
            "E3", "theory", "The cosine of an unbiased isotropic estimate with the gradient is √(N / (N + d + 1))",
            f"for d from {thousands(min(values['parameters']))} to {thousands(max(values['parameters']))}",
            f"{sampled['close']} of {sampled['judged']} mean cosines within {percent(CLOSE)} of it; "
            f"the largest difference is {percent(sampled['worst'], 1)}" if sampled["judged"] else "too few samples",
            "not judged" if not sampled["judged"] else
            "reproduced" if sampled["close"] == sampled["judged"] else
            "partly" if 2 * sampled["close"] > sampled["judged"] else "not reproduced",
            f"Reproduced if every mean cosine from N = {ENOUGH} on is within {percent(CLOSE)}, partly if most are.",
        ),
        Claim(
            "E4", "lab 003, the printed estimate", "Evolution Search as written, N = "
            f"{PRINTED_SAMPLES} and σ = {values['sigma']:g}, approximates the gradient",
            f"six entries of root mean square {thousands(printed['rms'])}",
            f"noise alone has {thousands(printed['noise'])} (for six entries {thousands(printed['range'][0])} to "
            f"{thousands(printed['range'][1])}), the gradient {significant(printed['gradient'])}",
            "not judged" if values["data"]["stand_in"] else
            "not reproduced" if printed["is_noise"] else "reproduced",
            "Not reproduced if the printed entries are as large as noise alone (95% range) and the gradient is a "
            "hundred times smaller.",
        ),
        Claim(
            "E5", "our own question", "The lab's estimator lacks a baseline: subtracting the mean loss mends it",
            f"expected cosine {fixed(kinds['baseline']['expected'], 2)} instead of "
            f"{significant(kinds['plain']['expected'])}",
            f"cosine {fixed(kinds['baseline']['cosine'], 2)} instead of {fixed(kinds['plain']['cosine'], 2)} at "
            f"N = {thousands(kinds['plain']['samples'])}, σ = {values['sigma']:g}, d = {thousands(values['compared'])}",
            "reproduced" if kinds["baseline"]["cosine"] > max(0.1, 3 * abs(kinds["plain"]["cosine"]))
            else "not reproduced",
            "Reproduced if the cosine with the mean subtracted is above 0.1 and three times that without.",
        ),
    ]  # fmt: skip


def _finite_differences(run: Run, d: int) -> dict[str, Any]:
    """Where the V-shaped curves have their floors, and what the full gradient costs."""
    error, steps = np.median(run.arrays["slope_error"], 0), run.arrays["steps"]
    gain = np.finfo(np.float32).eps / np.finfo(np.float64).eps
    floors = {}
    for k, (name, power) in enumerate((("forward", 1 / 2), ("central", 2 / 3))):
        least = error[k].argmin(-1)
        found = error[k].min(-1)
        floors[name] = {
            "steps": [float(steps[i]) for i in least],
            "errors": [float(e) for e in found],
            "gain": float(found[0] / found[1]),
            "expected": float(gain**power),
        }
    return {
        "floors": floors,
        "gradient_error": [float(e) for e in np.median(run.arrays["gradient_error"], 0)],
        "evaluations": 2 * d,
        "search_cosine": float(expected_cosine("baseline", 2 * d, d)),
    }


def _samples(run: Run) -> dict[str, Any]:
    table = run.table[run.table.study == "samples"]
    means = table.groupby(["parameters", "samples"])[["cosine", "expected"]].mean().reset_index()
    judged = means[means.samples >= ENOUGH]
    off = (judged.cosine / judged.expected - 1).abs()
    return {
        "allowed": CLOSE,
        "enough": ENOUGH,
        "judged": len(judged),
        "close": int((off <= CLOSE).sum()),
        "worst": float(off.max()) if len(judged) else None,
        "rows": means.to_dict("records"),
        "most": int(means.samples.max()),
        "largest": float(means[means.samples == means.samples.max()].sort_values("parameters").cosine.iloc[-1]),
    }


def _kinds(run: Run) -> list[dict[str, Any]]:
    """Each kind at the largest number of samples not above that of the study of sigma."""
    table = run.table[run.table.study == "kinds"]
    at = [n for n in sorted(set(table.samples)) if n <= run.protocol["sigma_samples"]][-1]
    chosen = table[table.samples == at].groupby("kind")[["cosine", "expected"]].mean()
    rows = []
    for kind in KINDS:
        expected = float(chosen.expected[kind])
        rows.append({"kind": kind, "samples": int(at), "cosine": float(chosen.cosine[kind]),
                     "expected": expected if np.isfinite(expected) else None})  # fmt: skip
    return rows


def _sigmas(run: Run) -> dict[str, Any]:
    """The sigmas that are as good as any, for the estimator with the mean subtracted; and the best for plain."""
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
        "rms": rms,
        "noise": noise,
        "range": [float(low), float(high)],
        "gradient": gradient,
        "level_ratio": float((run.arrays["loss"] / run.arrays["gradient_norm"])[:, -1].mean()) / run.protocol["sigma"],
        "samples": PRINTED_SAMPLES,
        "is_noise": bool(low <= rms <= high and noise > 100 * gradient),
        "sign": float(run.arrays["printed_sign"].mean()),
        "plain_needs": float(_plain_needs(run)),
    }


def _plain_needs(run: Run) -> float:
    """Samples at which the lab's estimator, as written, reaches a cosine of one half on the lab's network."""
    level = float((run.arrays["loss"][:, -1] / run.arrays["gradient_norm"][:, -1]).mean()) / run.protocol["sigma"]
    d = float(run.arrays["parameters"][-1])
    return (d + 1 + d * level**2) / 3


def _samples_for(cosine: float, d: int) -> int:
    """Samples at which theory expects this cosine: N = c^2 (d + 1) / (1 - c^2)."""
    return round(cosine**2 * (d + 1) / (1 - cosine**2))

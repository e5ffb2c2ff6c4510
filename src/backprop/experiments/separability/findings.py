"""The numbers the text quotes about networks without hidden units, and the verdict on S2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backprop.evidence.claims import Claim
from backprop.evidence.verdicts import share, told
from backprop.experiments.separability.proof import most_correct, separate
from backprop.experiments.symmetry import measures
from backprop.results.variant import Run


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """What the networks do, by variant, and what the programs prove."""
    inputs = measures.cases()
    palindrome = measures.is_palindrome(inputs)
    proof = separate(inputs, palindrome)
    best, _ = most_correct(inputs, palindrome)
    return {
        "separable": proof.weights is not None,
        "cancelling": [] if proof.cases is None or proof.shares is None else [
            {
                "input": "".join(f"{bit:.0f}" for bit in inputs[case]),
                "palindrome": bool(palindrome[case]),
                "share": float(weight),
            }
            for case, weight in zip(proof.cases, proof.shares, strict=True)
        ],
        "most_correct": best,
        "always_off": int((~palindrome).sum()),
        "cases": len(inputs),
        "variants": {name: _variant(run) for name, run in runs.items()},
    }  # fmt: skip


def _variant(run: Run) -> dict[str, Any]:
    table = run.table
    return {
        "networks": len(table),
        "cap": run.protocol["sweeps"],
        "targets": list(run.protocol["targets"]),
        "solved": share(table.solved),
        "correct": [int(table.correct.min()), int(table.correct.max())],
        "error": [float(table.error.min()), float(table.error.max())],
        "largest_weight": float(table.largest_weight.max()),
        "palindromes": float(table.palindromes.mean()),
        "others": float(table.others.mean()),
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """Claim S2."""
    del runs
    found = values["variants"]["paper"]
    holds = not values["separable"] and not found["solved"]["count"]
    return [
        Claim(
            "S2", "paper, p. 534", "Mirror symmetry cannot be detected by inputs wired straight to the output",
            "impossible",
            f"no weights exist (linear program); at best {values['most_correct']} of {values['cases']} cases are "
            f"right; trained: solved by {told(found['solved'])}",
            "reproduced" if holds else "not reproduced",
            "Reproduced if the linear program for such weights is infeasible and no trained network solves the task.",
        )
    ]  # fmt: skip

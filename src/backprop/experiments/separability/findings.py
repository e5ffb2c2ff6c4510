"""Numbers for the report about networks without hidden units, and the verdict on S2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backprop.evidence.verdicts import share, verdict
from backprop.experiments.separability.proof import most_correct, separate
from backprop.experiments.symmetry import measures
from backprop.results.variant import Run


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdict need.

    Returns:
        `separable`: whether some weights solve the task; `cancelling`: the inputs of the proof that none do, as text,
        for palindromes and others; `most_correct`: the largest number of cases that any weights get right, and
        `always_off`, the number that an output gets right that never changes; `variants`: how many trained networks
        solve the task, by variant.
    """
    inputs = measures.cases()
    palindrome = measures.is_palindrome(inputs)
    proof = separate(inputs, palindrome)
    cancelling = [] if proof.cases is None else [(palindrome[case], _digits(inputs[case])) for case in proof.cases]
    best, _ = most_correct(inputs, palindrome)
    return {
        "separable": proof.weights is not None,
        "cancelling": {
            "count": len(cancelling),
            "palindromes": [digits for is_palindrome, digits in cancelling if is_palindrome],
            "others": [digits for is_palindrome, digits in cancelling if not is_palindrome],
        },
        "most_correct": best,
        "always_off": int((~palindrome).sum()),
        "cases": len(inputs),
        "variants": {
            name: {"networks": len(run.table), "solved": share(run.table.solved)} for name, run in runs.items()
        },
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """The verdict on S2."""
    return {"S2": by_proof(values["separable"], values["variants"]["paper"]["solved"]["count"])}


def by_proof(separable: bool, solved: int) -> str:
    """Reproduced if no weights can solve the task and no trained network does, else not reproduced."""
    return verdict(not separable and not solved)


def _digits(bits: Any) -> str:
    return "".join(f"{bit:.0f}" for bit in bits)

"""Numbers for the report about networks without hidden units, and the verdict on S2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backprop.evidence.verdicts import share, verdict
from backprop.experiments.separability.proof import most_correct, separate
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.protocol import by_coding
from backprop.results.variant import Run


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdict need.

    Returns:
        `separable`: whether some weights solve the task; `cancelling`: the inputs of the proof that none do, as text,
        for palindromes and others; `most_correct`: the largest number of cases that any weights get right; `variants`
        and `codings`: what trained networks do, by variant and in a list with the coding's name.
    """
    inputs = measures.cases()
    palindrome = measures.is_palindrome(inputs)
    proof = separate(inputs, palindrome)
    cancelling = [] if proof.cases is None else [(palindrome[case], _digits(inputs[case])) for case in proof.cases]
    best, _ = most_correct(inputs, palindrome)
    variants = {name: _variant(run, best) for name, run in runs.items()}
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
        "variants": variants,
        "codings": [{"coding": coding, **own} for coding, own in by_coding(variants).items()],
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """The verdict on S2."""
    return {"S2": by_proof(values["separable"], values["variants"]["paper"]["solved"]["count"])}


def by_proof(separable: bool, solved: int) -> str:
    """Reproduced if no weights can solve the task and no trained network does, else not reproduced."""
    return verdict(not separable and not solved)


def _variant(run: Run, best: int) -> dict[str, Any]:
    table = run.table
    return {
        "networks": len(table),
        "cap": run.protocol["sweeps"],
        "solved": share(table.solved),
        "correct": [int(table.correct.min()), int(table.correct.max())],
        "as_many_as_possible": share(table.correct == best),
        "palindromes": float(table.palindromes.mean()),
        "others": float(table.others.mean()),
    }


def _digits(bits: Any) -> str:
    return "".join(f"{bit:.0f}" for bit in bits)

"""Whether one linear threshold can separate two sets of input vectors, proved by linear and integer programs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

MARGIN, LARGEST = 1.0, 100.0
"""The total input that a case must exceed, and the largest weight that the integer program tries.

Scaling all weights scales every total input, so the margin restricts nothing if weights are unbounded. The integer
program needs a bound; threshold functions of six inputs need integer weights below ten.
"""


@dataclass(frozen=True)
class Separation:
    """The result of the linear program: weights [inputs + 1], the bias last, or a proof that none exist.

    The proof consists of `cases`, rows of the inputs, and positive `shares` [cases]. Weighted by them, the inputs of
    both classes have the same sum, so their total inputs agree for all weights. The weights are None if there is a
    proof; otherwise the proof is None.
    """

    weights: np.ndarray | None
    cases: np.ndarray | None
    shares: np.ndarray | None


def separate(inputs: np.ndarray, positive: np.ndarray) -> Separation:
    """Weights with a total input above zero for the positive cases and below for the others, or a refutation.

    Args:
        inputs: [cases, n].
        positive: [cases], truth values.
    """
    signed = _signed(inputs, positive)
    n = signed.shape[1]
    program = linprog(np.zeros(n), A_ub=-signed, b_ub=np.full(len(signed), -MARGIN), bounds=[(None, None)] * n)
    if program.status == 0:
        return Separation(program.x, None, None)
    # Farkas: no weights exist exactly if some mixture of the signed cases is zero. Fewer cases make a clearer proof.
    mixture = milp(
        np.r_[np.zeros(len(signed)), np.ones(len(signed))],
        constraints=[
            LinearConstraint(np.c_[signed.T, np.zeros_like(signed.T)], 0, 0),
            LinearConstraint(np.r_[np.ones(len(signed)), np.zeros(len(signed))], 1, 1),
            LinearConstraint(np.c_[np.eye(len(signed)), -np.eye(len(signed))], -np.inf, 0),
        ],
        integrality=np.r_[np.zeros(len(signed)), np.ones(len(signed))],
        bounds=Bounds(0, 1),
    )
    if mixture.status != 0:
        raise RuntimeError(f"neither weights nor a proof that there are none: {mixture.message}")
    share = mixture.x[: len(signed)]
    cases = np.flatnonzero(share > 1e-9)
    return Separation(None, cases, share[cases])


def most_correct(inputs: np.ndarray, positive: np.ndarray) -> tuple[int, np.ndarray]:
    """The largest number of cases that any weights get right, and such weights [inputs + 1], the bias last."""
    signed = _signed(inputs, positive)
    n, out_of_reach = signed.shape[1], MARGIN + LARGEST * signed.shape[1]
    program = milp(
        np.r_[np.zeros(n), -np.ones(len(signed))],
        constraints=LinearConstraint(np.c_[signed, -out_of_reach * np.eye(len(signed))], MARGIN - out_of_reach, np.inf),
        integrality=np.r_[np.zeros(n), np.ones(len(signed))],
        bounds=Bounds(
            np.r_[np.full(n, -LARGEST), np.zeros(len(signed))], np.r_[np.full(n, LARGEST), np.ones(len(signed))]
        ),
    )
    if program.status != 0:
        raise RuntimeError(f"the integer program did not finish: {program.message}")
    weights = program.x[:n]
    return int((signed @ weights > 0).sum()), weights


def _signed(inputs: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Each case with a 1 for the bias, negated for the others: weights separate them if all products are positive."""
    return np.where(positive, 1.0, -1.0)[:, None] * np.c_[inputs, np.ones(len(inputs))]

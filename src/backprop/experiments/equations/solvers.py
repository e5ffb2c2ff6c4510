"""Methods of scipy that use second derivatives, run on the task of Experiment 1; each evaluation of E is counted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize

from backprop.experiments.equations.protocol import EARLY, Protocol
from backprop.experiments.symmetry import measures

NO_LIMIT = 10**6
"""scipy's own limits; `Counted` stops a method at the protocol's cap, which is at most this."""


class Counted:
    """E of one 6-2-1 network and its first derivatives; counts the evaluations until the task is solved.

    Weights are vectors [17]: six weights and the bias of each hidden unit, then two weights and the bias of the output.

    Attributes:
        evaluations: how many there were after the first one, which evaluates the initial weights: zero sweeps.
        lowest: the smallest E within EARLY evaluations.
    """

    def __init__(self, protocol: Protocol) -> None:
        """Set up the task with the targets and the cap of `protocol`."""
        bits = measures.cases()
        self._y0 = np.c_[bits, np.ones(len(bits))]
        self._d = np.where(measures.is_palindrome(bits), protocol.targets[1], protocol.targets[0])
        self._middle = 0.5 * (protocol.targets[1] - protocol.targets[0])
        self._cap = protocol.evaluations
        self.lowest = np.inf
        self.evaluations = -1

    def residuals(self, w: np.ndarray) -> np.ndarray:
        """The deviations y - d [cases], whose squares E sums.

        Raises:
            _SolvedError: if every output is on its target's side of the middle.
            StopIteration: at the cap.
        """
        self._hidden = measures.logistic(self._y0 @ w[:14].reshape(2, 7).T)
        self._y = measures.logistic(self._hidden @ w[14:16] + w[16])
        self.evaluations += 1
        deviation = self._y - self._d
        if self.evaluations <= EARLY:
            self.lowest = min(self.lowest, 0.5 * float(deviation @ deviation))
        if np.abs(deviation).max() < self._middle:
            raise _SolvedError
        if self.evaluations >= self._cap:
            raise StopIteration
        return deviation

    def jacobian(self, w: np.ndarray) -> np.ndarray:
        """The derivatives of the deviations by the weights [cases, 17], at `w`, which must be evaluated last."""
        slope = (self._y * (1 - self._y))[:, None]
        below = slope * w[14:16] * self._hidden * (1 - self._hidden)
        first = (below[:, :, None] * self._y0[:, None, :]).reshape(len(slope), 14)
        return np.c_[first, slope * self._hidden, slope]

    def value_and_gradient(self, w: np.ndarray) -> tuple[float, np.ndarray]:
        """E and dE/dw [17]; one evaluation."""
        deviation = self.residuals(w)
        return 0.5 * float(deviation @ deviation), deviation @ self.jacobian(w)


def l_bfgs(task: Counted, start: np.ndarray) -> None:
    """L-BFGS from the weights `start` [17], until `task` stops it or it converges."""
    optimize.minimize(
        task.value_and_gradient, start, jac=True, method="L-BFGS-B",
        options={"maxfun": NO_LIMIT, "maxiter": NO_LIMIT, "ftol": 0, "gtol": 0},
    )  # fmt: skip


def levenberg_marquardt(task: Counted, start: np.ndarray) -> None:
    """The Levenberg–Marquardt method from the weights `start` [17], until `task` stops it or it converges.

    Without bounds, `trf` takes the steps of MINPACK's Levenberg–Marquardt method (Moré 1978), found by one singular
    value decomposition each. Not `lm`, MINPACK itself: up to scipy 1.17.1 its `qrfac` reads one number past the end of
    the Jacobian (scipy pull request 24323), so that its steps depend on what else is in memory.
    """

    def jacobian(w: np.ndarray) -> np.ndarray:
        task.residuals(w)  # counted, because a derivative needs a pass of its own
        return task.jacobian(w)

    optimize.least_squares(
        task.residuals, start, jac=jacobian, method="trf", x_scale="jac", max_nfev=NO_LIMIT,
        ftol=1e-15, xtol=1e-15, gtol=1e-15,
    )  # fmt: skip


SOLVERS: dict[str, Callable[[Counted, np.ndarray], None]] = {
    "l_bfgs": l_bfgs,
    "levenberg_marquardt": levenberg_marquardt,
}
"""The methods that use second derivatives, by the names of their arrays."""


def evaluations(
    solver: Callable[[Counted, np.ndarray], None], start: np.ndarray, protocol: Protocol
) -> tuple[int, float]:
    """Evaluations until the task is solved from `start` [17], -1 if it is not, and the smallest E within EARLY."""
    task = Counted(protocol)
    try:
        solver(task, start)
    except _SolvedError:
        return task.evaluations, task.lowest
    except StopIteration:
        pass
    return -1, task.lowest


class _SolvedError(Exception):
    """Every output is on its target's side of the middle."""

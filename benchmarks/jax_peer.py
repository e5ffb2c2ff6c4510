"""The sweep of Experiment 1 in JAX, jit(vmap(scan)): autograd of one network, mapped over the seeds."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np


def make(
    inputs: np.ndarray, targets: np.ndarray, bounds: tuple[float, ...] | None, networks_last: bool, sweeps: int
) -> Callable[[list[np.ndarray]], list[np.ndarray]]:
    """A compiled function from the initial weights, [n_l, fan_in + 1, S] per layer, to the trained weights.

    Args:
        inputs: [64, 6].
        targets: [64, 1].
        bounds: bounds on the largest deviation; the function also finds the first sweep below each, as the engine does.
            None trains without this search.
        networks_last: map over the last axis of the weights instead of the first.
        sweeps: the number of sweeps per call.
    """
    X, d = jnp.asarray(inputs), jnp.asarray(targets)

    def deviation(weights: list[jax.Array]) -> jax.Array:
        y = X
        for w in weights:
            y = jax.nn.sigmoid(y @ w[:, :-1].T + w[:, -1])
        return y - d

    def error(weights: list[jax.Array]) -> tuple[jax.Array, jax.Array]:
        e = deviation(weights)
        return 0.5 * (e * e).sum(), e

    limits = None if bounds is None else jnp.asarray(bounds)

    def one_network(weights: list[jax.Array]) -> tuple[list[jax.Array], jax.Array]:
        def sweep(carry, t):  # type: ignore[no-untyped-def]
            w, change, first = carry
            gradient, e = jax.grad(error, has_aux=True)(w)
            if limits is not None:
                first = jnp.where((first < 0) & (jnp.abs(e).max() < limits), t, first)
            change = [-0.1 * g + 0.9 * c for g, c in zip(gradient, change, strict=True)]
            return ([a + c for a, c in zip(w, change, strict=True)], change, first), None

        start = (weights, [jnp.zeros_like(w) for w in weights], jnp.full(3 if limits is not None else 0, -1))
        (trained, _, first), _ = jax.lax.scan(sweep, start, jnp.arange(sweeps))
        return trained, first

    axis = 2 if networks_last else 0
    compiled = jax.jit(jax.vmap(one_network, in_axes=([axis, axis],), out_axes=([axis, axis], 0)))

    def run(weights: list[np.ndarray]) -> list[np.ndarray]:
        ordered = [w if networks_last else np.ascontiguousarray(w.transpose(2, 0, 1)) for w in weights]
        trained, _ = compiled(ordered)
        arrays = [np.asarray(w) for w in trained]
        return arrays if networks_last else [w.transpose(1, 2, 0) for w in arrays]

    return run

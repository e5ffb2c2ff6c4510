"""Sweeps per second of the paper's symmetry network: this engine, a loop in C, the usual loop in torch, and JAX.

    uv run --extra jax python benchmarks/engine.py [--quick]

One sweep is a forward pass, a backward pass and a change of the weights of one 6-2-1 network over all 64 vectors.
All run in turns and repeatedly, in one process on one core; the time is processor time. The table gives medians and
their ratios, because the speed of a machine varies. The engine's time is that of the whole of `train`, with criteria
and records of E. The loop in C, `symmetry.c`, does the same work for this one shape of network and is compiled here, if
there is a compiler. The last line compares two processes, each on a core of its own, with one.
"""
# ruff: noqa: E402 - thread counts are read when the libraries are imported

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import argparse
import ctypes
import functools
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import unittest.mock
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from backprop.engine import compiled, compiled_grid
from backprop.engine.networks import Architecture, flatten, initial_weights, unflatten
from backprop.engine.training import Criteria, Descent, Order, PerCase, PerSweep, Record, Task, train

ARCHITECTURE = Architecture((6, 2, 1))
BOUNDS = (0.5, 0.2, 0.1)
PER_SWEEP = PerSweep()
Contender = tuple[str, int, int, Callable[[int, int], object]]  # name, networks, sweeps, run(networks, sweeps)


def cases() -> tuple[torch.Tensor, torch.Tensor]:
    """All 64 vectors [64, 6] and whether each is its own mirror image [64, 1]."""
    inputs = torch.tensor([[vector >> bit & 1 for bit in range(6)] for vector in range(64)]).float()
    return inputs, (inputs == inputs.flip(1)).all(1, keepdim=True).float()


@functools.cache
def drawn(networks: int) -> list[torch.Tensor]:
    """The initial weights, which no contender changes."""
    return initial_weights(ARCHITECTURE, range(networks))


def engine(
    networks: int,
    sweeps: int,
    device: str = "cpu",
    bounds: tuple[float, ...] = BOUNDS,
    order: Order = PER_SWEEP,
) -> list[torch.Tensor]:
    """The complete training of the paper's protocol."""
    trained = train(
        Task(ARCHITECTURE, *cases()),
        drawn(networks),
        Descent(0.1, 0.9),
        sweeps,
        order=order,
        criteria=Criteria(bounds),
        record=Record(keep=(0, sweeps)),
        device=device,
    )
    return trained.weights[sweeps]


def in_torch(networks: int, sweeps: int) -> list[torch.Tensor]:
    """The same with one operation of torch after the other, as on a GPU and for tasks that do not suit `compiled`."""
    never = lambda *_: False  # noqa: E731
    with (
        unittest.mock.patch.object(compiled, "suits", never),
        unittest.mock.patch.object(compiled_grid, "suits", never),
    ):
        return engine(networks, sweeps)


def loop(networks: int, sweeps: int) -> list[torch.Tensor]:
    """One network at a time with nn.Module, autograd and torch.optim; neither criteria nor records."""
    inputs, targets = cases()
    stacked = drawn(networks)
    trained = [w.clone() for w in stacked]
    for network in range(networks):
        module = nn.Sequential(nn.Linear(6, 2), nn.Sigmoid(), nn.Linear(2, 1), nn.Sigmoid())
        with torch.no_grad():
            for layer, w in zip(module[::2], stacked, strict=True):
                layer.weight.copy_(w[:, :-1, network])
                layer.bias.copy_(w[:, -1, network])
        optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
        for _ in range(sweeps):
            optimizer.zero_grad()
            error = ((module(inputs) - targets) ** 2).sum() / 2
            error.backward()
            optimizer.step()
        for layer, w in zip(module[::2], trained, strict=True):
            w[..., network] = torch.cat([layer.weight, layer.bias[:, None]], 1).detach()
    return trained


def in_c(folder: Path) -> Callable[[int, int], list[torch.Tensor]] | None:
    """The loop of `symmetry.c`, with criteria and E of every sweep, compiled in `folder`; None without a compiler."""
    if not (compiler := shutil.which("cc")):
        print("there is no C compiler: the loop in C is left out")
        return None
    source, library = Path(__file__).with_name("symmetry.c"), folder / "symmetry.so"
    options = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
    subprocess.run([compiler, *options, str(source), "-o", str(library)], check=True, stderr=subprocess.DEVNULL)
    trains = ctypes.CDLL(str(library)).train

    def run(networks: int, sweeps: int) -> list[torch.Tensor]:
        _, targets = cases()
        weights = flatten(drawn(networks))
        changes, errors = torch.zeros_like(weights), torch.empty(sweeps, networks)
        first, bounds = torch.empty(3, networks, dtype=torch.int32), torch.tensor(BOUNDS)
        arrays = [ctypes.c_void_p(array.data_ptr()) for array in (bounds, targets, weights, changes, first, errors)]
        trains(networks, sweeps, ctypes.c_float(0.1), ctypes.c_float(0.9), *arrays)
        return unflatten(ARCHITECTURE, weights)

    return run


def two_processes(networks: int, sweeps: int) -> float:
    """How much two processes side by side train, as a multiple of one, in the same time; they start together."""

    def seconds(processes: int) -> float:
        command = [sys.executable, __file__, "--timed", str(networks), str(sweeps)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        running = [subprocess.Popen(command, **pipes) for _ in range(processes)]
        for process in running:
            process.stdout.readline()
        for process in running:
            process.stdin.write("start\n")
            process.stdin.flush()
        return max(float(process.communicate()[0]) for process in running)

    return statistics.median(2 * seconds(1) / seconds(2) for _ in range(3))


def jax_contenders(networks: int, sweeps: int) -> list[Contender]:
    """JAX in both layouts, with and without the criteria; compiled before it is timed."""
    try:
        import jax_peer
    except ImportError:
        print("jax is not installed: run with `uv run --extra jax` to compare with it")
        return []
    inputs, targets = (values.numpy() for values in cases())
    weights = [w.numpy() for w in drawn(networks)]
    expected = [w.numpy() for w in engine(networks, sweeps)]
    contenders: list[Contender] = []
    for bounds, extra in ((BOUNDS, ", with criteria"), (None, "")):
        for networks_last, layout in ((False, "first"), (True, "last")):
            run = jax_peer.make(inputs, targets, bounds, networks_last, sweeps)
            for w, jax_w in zip(expected, run(weights), strict=True):
                np.testing.assert_allclose(jax_w, w, rtol=1e-2, atol=1e-3)  # float32, summed in another order
            contenders.append(
                (
                    f"JAX jit(vmap(scan)), networks {layout}{extra}",
                    networks,
                    sweeps,
                    lambda _n, _s, run=run: run(weights),
                )
            )
    return contenders


def check_agreement(*others: Callable[[int, int], list[torch.Tensor]]) -> None:
    """Check that the other contenders and the engine compute the same weights."""
    for other in others:
        for w, other_w in zip(engine(16, 50), other(16, 50), strict=True):
            torch.testing.assert_close(w, other_w, rtol=1e-3, atol=1e-4)


def peak_memory(networks: int, sweeps: int) -> float:
    """GB of resident memory of a fresh process that imports torch and trains this many networks."""
    command = [sys.executable, __file__, "--memory", str(networks), str(sweeps)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Measure in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, about 20 seconds")
    parser.add_argument("--memory", nargs=2, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--timed", nargs=2, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.memory:
        engine(*options.memory)
        unit = 1e9 if sys.platform == "darwin" else 1e6  # macOS gives bytes, other systems kB
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)
        return
    if options.timed:
        engine(1024, 10)
        print("ready", flush=True)
        sys.stdin.readline()
        start = time.perf_counter()
        engine(*options.timed)
        print(time.perf_counter() - start)
        return
    scaling = two_processes(8192, 500 if options.quick else 2000)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    repetitions, networks, sweeps = (5, 1024, 100) if options.quick else (15, 2048, 250)
    with tempfile.TemporaryDirectory() as folder:
        in_plain_c = in_c(Path(folder))
    check_agreement(loop, *([in_plain_c] if in_plain_c else []))
    contenders: list[Contender] = [
        ("this engine", networks, sweeps, engine),
        *([("the loop in C, with criteria", networks, sweeps, in_plain_c)] if in_plain_c else []),
        ("this engine, without criteria", networks, sweeps, lambda n, s: engine(n, s, bounds=())),
        ("this engine, operation by operation in torch", networks, sweeps, in_torch),
        ("nn.Module, autograd, torch.optim.SGD", 1, sweeps, loop),
        *jax_contenders(networks, sweeps),
        ("this engine, a change after every case", 4096, 10, lambda n, s: engine(n, s, order=PerCase())),
    ]
    if torch.cuda.is_available():
        contenders.append(("this engine on the GPU", 65536, sweeps, lambda n, s: engine(n, s, device="cuda")))
    clock = time.perf_counter if torch.cuda.is_available() else time.process_time  # that of the GPU is not counted
    rates: dict[str, list[float]] = {name: [] for name, *_ in contenders}
    for _ in range(repetitions):
        for name, n, s, run in contenders:
            start = clock()
            run(n, s)
            rates[name].append(n * s / (clock() - start))
    print(f"\n{'':50s} M sweeps/s   engine faster by")
    for name, measured in rates.items():
        faster = statistics.median(a / b for a, b in zip(rates["this engine"], measured, strict=True))
        print(f"{name:50s} {statistics.median(measured) / 1e6:10.4f} {faster:14.2f} x")
    print(f"\nmedians of {repetitions} turns on one core; ratios are taken within a turn")
    print(f"two processes train {scaling:.2f} times as much as one in the same time")
    print(f"peak memory of a process that trains 4,000 networks: {peak_memory(4000, 200):.2f} GB")


if __name__ == "__main__":
    main()

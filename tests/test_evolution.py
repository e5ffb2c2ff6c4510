"""The three experiments without back-propagation, small: from training to claims, on made-up images."""

from pathlib import Path

import numpy as np
import pytest
import torch

from backprop.experiments.estimates import protocol as estimates
from backprop.experiments.estimates.analyse import expected_cosine
from backprop.experiments.evolution import protocol as evolution
from backprop.experiments.evolution import train as evolution_train
from backprop.experiments.evolved_symmetry import protocol as evolved_symmetry
from backprop.protocol import UserError
from backprop.results import store
from backprop.stages import analyse, find, train

torch.set_num_threads(1)  # the operations are tiny: more threads only wait for each other


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Path:
    """Images whose class is where they are bright: easy to learn."""
    draw = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("data") / "FashionMNIST.safetensors"
    arrays: dict[str, np.ndarray] = {}
    for part in ("train", "test"):
        labels = draw.integers(0, 10, 200).astype(np.uint8)
        pictures = draw.integers(0, 60, (200, 28, 28))
        for i, label in enumerate(labels):
            row, column = divmod(int(label), 4)
            pictures[i, 7 * row : 7 * row + 7, 7 * column : 7 * column + 7] = 250
        arrays |= {f"{part}_images": pictures.astype(np.uint8), f"{part}_labels": labels}
    store.write_arrays(path, arrays, {"name": "FashionMNIST", "source": "bundled", "detail": "Made up."})
    return path


def small(**changes):
    return evolution.Protocol(
        **{"seeds": 2, "images": 200, "epochs": 4, "image_size": 7, "hidden_units": 8, "record_every": 2} | changes
    )


def test_seeds_alone_and_in_a_crowd_agree(images):
    protocol = small(method="evolution", samples=[10], learning_rate=0.1)
    both = evolution_train.train(protocol, (3, 5), "cpu", {"FashionMNIST": images})
    alone = evolution_train.train(protocol, (5,), "cpu", {"FashionMNIST": images})
    np.testing.assert_array_equal(both["accuracy"][1:], alone["accuracy"])
    np.testing.assert_array_equal(both["loss"][1:], alone["loss"])


def test_a_search_with_many_samples_follows_the_gradient(images):
    by_gradient = small(learning_rate=0.5, epochs=20)
    by_search = small(learning_rate=0.5, epochs=20, method="evolution", samples=[2000])
    first, second = (evolution_train.train(p, (0,), "cpu", {"FashionMNIST": images}) for p in (by_gradient, by_search))
    np.testing.assert_allclose(first["loss"], second["loss"], atol=0.05)
    assert first["loss"][0, 0, -1] < first["loss"][0, 0, 0] - 0.1


def test_threshold_units_learn_from_their_errors(images):
    protocol = small(
        method="evolution", kind="antithetic", samples=[100], sigma=[0.1], learning_rate=0.3, epochs=40, centred=True,
        hidden="threshold", hidden_units=16, objective="misclassified",
    )  # fmt: skip
    accuracy = evolution_train.train(protocol, (0, 1), "cpu", {"FashionMNIST": images})["accuracy"]
    assert accuracy[..., -1].min() > 0.3


def test_a_diverged_network_is_a_row(images):
    protocol = small(method="evolution", kind="plain", samples=[2], sigma=[1e-8], learning_rate=1e38)
    found = evolution_train.train(protocol, (0,), "cpu", {"FashionMNIST": images})
    assert np.isnan(found["loss"][0, 0, -1])
    assert np.isfinite(found["loss"][0, 0, 0])


def test_theory_knows_what_each_kind_pays():
    assert expected_cosine("antithetic", 200, 100) == pytest.approx((100 / 201) ** 0.5)
    assert expected_cosine("baseline", 101, 100) == pytest.approx((100 / 201) ** 0.5)
    assert expected_cosine("plain", 100, 100, 1000.0) < 0.01
    assert np.isnan(expected_cosine("ranks", 100, 100))


def test_every_stage_runs_and_claims_on_a_stand_in_are_not_judged(images, tmp_path):
    data = {"FashionMNIST": images}
    runs = {
        "estimates": {
            "paper": estimates.Protocol(
                seeds=2,
                networks=((4, 4), (7, 8)),
                samples=(10, 100),
                sigmas=(1e-3, 0.1),
                sigma_samples=100,
                directions=2,
            )
        },
        "evolution": {
            "paper": small(),
            "as_written": small(method="evolution", kind="plain", samples=(4,)),
            "search": small(method="evolution", samples=[4, 10]),
            "noisy_gradient": small(method="noisy_gradient", samples=(10, 100)),
            "thresholds": small(method="evolution", samples=[10], hidden="threshold", objective="misclassified"),
        },
        "evolved_symmetry": {
            "paper": evolved_symmetry.Protocol(seeds=4, sweeps=50),
            "search": evolved_symmetry.Protocol(seeds=4, sweeps=50, method="evolution", samples=(4,)),
        },
    }
    verdicts: dict[str, str] = {}
    for experiment, variants in runs.items():
        home = tmp_path / experiment
        for variant, protocol in variants.items():
            train.run(experiment, protocol, "cpu", {} if experiment == "evolved_symmetry" else data, home / variant)
            analyse.run(experiment, protocol, home / variant)
        find.run(experiment, {name: home / name for name in variants}, home / "findings.json")
        verdicts |= {claim["id"]: claim["verdict"] for claim in store.read_json(home / "findings.json")["claims"]}
    assert sorted(verdicts, key=lambda name: int(name[1:])) == [f"E{i}" for i in range(1, 11)]
    assert {verdicts[name] for name in ("E4", "E6", "E7", "E8", "E9")} == {"not judged"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch": 30}, "must divide images"),
        ({"hidden": "threshold"}, "needs a gradient"),
        ({"method": "evolution", "samples": [1]}, "at least 2"),
        ({"method": "evolution", "kind": "antithetic", "samples": [5]}, "an even number"),
    ],
)
def test_protocols_refuse_what_cannot_be_trained(changes, message):
    with pytest.raises(UserError, match=message):
        small(**changes)

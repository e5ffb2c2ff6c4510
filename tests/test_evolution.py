"""The three experiments without back-propagation, small, from training to the report, on artificial images."""

from typing import Any

import numpy as np
import pytest
import torch

from backprop.documents import pages
from backprop.documents.claims import read_claims
from backprop.experiments.estimates import findings as estimates_findings
from backprop.experiments.estimates import protocol as estimates
from backprop.experiments.estimates.analyse import expected_cosine
from backprop.experiments.evolution import findings as evolution_findings
from backprop.experiments.evolution import protocol as evolution
from backprop.experiments.evolution import train as evolution_train
from backprop.experiments.evolved_symmetry import findings as evolved_symmetry_findings
from backprop.experiments.evolved_symmetry import protocol as evolved_symmetry
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.protocol import UserError
from backprop.results import store
from backprop.results.variant import Run
from backprop.stages import analyse, find, module, train
from tests import experiments

torch.set_num_threads(1)  # the operations are tiny: more threads only wait for each other


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
    protocol = small(method="evolution", kind="plain", samples=[2], sigma=[1e-8], learning_rate=1e6)
    loss = evolution_train.train(protocol, (0,), "cpu", {"FashionMNIST": images})["loss"]
    assert np.isnan(loss[0, 0, -1])
    assert np.isfinite(loss[0, 0, 0])


def test_theory_counts_the_directions_of_each_estimator():
    assert expected_cosine("antithetic", 200, 100) == pytest.approx((100 / 201) ** 0.5)
    assert expected_cosine("baseline", 101, 100) == pytest.approx((100 / 201) ** 0.5)
    assert expected_cosine("plain", 100, 100, 1000.0) < 0.01
    assert np.isnan(expected_cosine("ranks", 100, 100))


SMALL_ESTIMATES = estimates.Protocol(
    seeds=2, networks=((4, 4), (7, 8)), samples=(10, 100), sigmas=(1e-3, 0.1), sigma_samples=100, directions=2
)
ALONE: dict[str, dict[str, Any]] = {
    "estimates": {"paper": SMALL_ESTIMATES},
    "evolution": {"paper": small(seeds=1)},
    "evolved_symmetry": {"paper": evolved_symmetry.Protocol(seeds=4, sweeps=50)},
}
ALL: dict[str, dict[str, Any]] = {
    "estimates": {"paper": SMALL_ESTIMATES},
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


@pytest.mark.parametrize("variants", [ALONE, ALL], ids=["without variants", "with variants"])
def test_every_stage_runs_and_claims_on_a_stand_in_are_not_judged(images, tmp_path, variants):
    """From training to claims, section and figures, also where a variant is not run and no network is solved."""
    findings = {}
    for experiment, protocols in variants.items():
        home = tmp_path / experiment
        data = {} if experiment == "evolved_symmetry" else {"FashionMNIST": images}
        for variant, protocol in protocols.items():
            train.run(experiment, protocol, "cpu", data, home / variant)
            analyse.run(experiment, protocol, home / variant)
        find.run(experiment, {name: home / name for name in protocols}, home / "findings.json")
        findings[experiment] = store.read_json(home / "findings.json")
        runs = {name: Run(home / name) for name in protocols}
        for name, figure in module(experiment, "figures").FIGURES.items():
            assert figure(runs, findings[experiment]["values"]), name
    verdicts = {claim.id: claim.verdict for claim in read_claims(findings, pages.KIT / "claims")}
    assert list(verdicts) == [f"E{i}" for i in range(1, 11)]
    assert {verdicts[name] for name in ("E4", "E6", "E7", "E8", "E9")} == {"not judged"}
    text = experiments.section("70_evolution", findings)
    assert "**Not Fashion-MNIST.**" in text
    assert ("is empty, because the configuration" in text) == (variants is ALONE)
    assert ("gradient + noise |" in text) == (variants is ALL)


def test_the_symmetry_network_keeps_the_defaults_of_experiment_1():
    ours = evolved_symmetry.Protocol()
    for name in ("epsilon", "alpha", "weight_range"):
        assert getattr(ours, name) == Symmetry.defaults()[name]


@pytest.mark.parametrize(
    ("ratio", "verdict"), [(1.005, "reproduced"), (0.98, "not reproduced"), (-0.999, "not reproduced")]
)
def test_a_finite_difference_must_have_the_slopes_sign(ratio, verdict):
    assert estimates_findings.by_slope(ratio) == verdict


@pytest.mark.parametrize(
    ("judged", "close", "verdict"),
    [(16, 16, "reproduced"), (16, 9, "partly"), (16, 8, "not reproduced"), (0, 0, "not judged")],
)
def test_most_cosines_must_agree_with_theory(judged, close, verdict):
    assert estimates_findings.by_cosines({"judged": judged, "close": close}) == verdict


def test_gains_and_baselines_are_judged_on_either_side_of_their_bounds():
    floor = {"gain": 4.9, "expected": 1.0}
    assert estimates_findings.by_gains({"forward": floor}) == "reproduced"
    assert estimates_findings.by_gains({"forward": floor, "central": {"gain": 0.19, "expected": 1.0}}) != "reproduced"
    assert estimates_findings.by_baseline(0.72, 0.02) == "reproduced"
    assert estimates_findings.by_baseline(0.09, 0.02) == "not reproduced"
    assert estimates_findings.by_baseline(0.72, -0.30) == "not reproduced"


def test_samples_for_a_cosine_give_that_cosine():
    for cosine in (0.5, 0.9):
        samples = estimates_findings.samples_for(cosine, 406528)
        assert (samples / (samples + 406528 + 1)) ** 0.5 == pytest.approx(cosine, abs=1e-5)


@pytest.mark.parametrize(
    ("worst", "least", "verdict"),
    [(0.04, 0.01, "reproduced"), (0.06, 0.01, "partly"), (0.06, 0.06, "not reproduced"), (None, None, "not judged")],
)
def test_search_and_noisy_gradient_must_agree(worst, least, verdict):
    assert evolution_findings.by_model({"worst": worst, "least": least}) == verdict


def test_the_cheapest_setting_without_a_diverged_network_is_chosen():
    def row(evaluations, low, diverged=0):
        return {"evaluations": evaluations, "difference": {"low": low}, "diverged": diverged}

    rows = [row(5000, 0.01), row(3000, -0.03), row(4000, -0.01), row(100, 0.01, 1), row(200, None)]
    assert evolution_findings.cheapest(rows) is rows[2]
    assert evolution_findings.cheapest(rows[1:2]) is None


def test_a_threshold_network_must_beat_three_times_chance():
    assert evolution_findings.by_learning({"accuracy": {"low": 0.31}}) == "reproduced"
    assert evolution_findings.by_learning({"accuracy": {"low": 0.29}}) == "not reproduced"
    assert evolution_findings.by_learning({"accuracy": {"low": None}}) == "not judged"


@pytest.mark.parametrize(
    ("low", "high", "solved", "verdict"),
    [
        (-9, 5, 12, "reproduced"),
        (-28, 9, 12, "not judged"),
        (-40, -11, 5, "not reproduced"),
        (-9, 5, 0, "not reproduced"),
    ],
)
def test_a_search_that_may_be_as_good_as_the_gradient_is_not_judged(low, high, solved, verdict):
    row = {"difference": {"mean": (low + high) / 2, "low": low, "high": high}, "solved": {"count": solved}}
    assert evolved_symmetry_findings.by_difference(row) == verdict
    assert evolved_symmetry_findings.by_difference(None) == "not judged"


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

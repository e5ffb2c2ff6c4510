"""The checks behind the verdicts pass on this code and would fail on a wrong one; every stage runs."""

import numpy as np
import pytest

from backprop.documents import pages
from backprop.documents.claims import read_claims
from backprop.experiments.equations import checks, findings, solvers
from backprop.experiments.equations.protocol import Protocol
from backprop.experiments.symmetry import measures
from backprop.protocol import UserError
from backprop.results import store
from backprop.stages import analyse, find, train
from tests import experiments


@pytest.fixture(autouse=True)
def few_changes(monkeypatch):
    monkeypatch.setattr(checks, "CHANGES", 10)


def test_every_check_finds_agreement_to_rounding():
    differences = checks.disagreements((0, 1, 2))
    assert set(differences) == set(findings.CHECKS)
    assert differences.pop("overwritten") > 0.01
    assert findings.by_agreement(differences) == "reproduced", differences


def test_a_wrong_gradient_is_noticed(monkeypatch):
    right = checks.gradient

    def wrong(*arguments):
        E, gradient = right(*arguments)
        return E, gradient * 1.001

    monkeypatch.setattr(checks, "gradient", wrong)
    differences = checks.disagreements((0, 1))
    assert all(differences[name] > 1e-4 for name in ("autograd", "differences", "one_change"))
    assert findings.by_agreement(differences) == "not reproduced"


def test_the_derivatives_given_to_scipy_equal_central_differences():
    task = solvers.Counted(Protocol(targets=(0.1, 0.9)))
    w = np.random.default_rng(0).uniform(-1, 1, 17)
    _, gradient = task.value_and_gradient(w)
    steps = 1e-6 * np.eye(17)
    numeric = [(task.value_and_gradient(w + h)[0] - task.value_and_gradient(w - h)[0]) / 2e-6 for h in steps]
    np.testing.assert_allclose(gradient, numeric, atol=1e-8)


@pytest.mark.parametrize("name", solvers.SOLVERS)
def test_a_network_that_starts_solved_needs_no_evaluation(name):
    printed = np.concatenate([layer.ravel() for layer in measures.FIGURE_1])
    assert solvers.evaluations(solvers.SOLVERS[name], printed, Protocol())[0] == 0


@pytest.mark.parametrize("name", solvers.SOLVERS)
def test_a_method_takes_the_same_steps_whatever_else_is_in_memory(name):
    """MINPACK of scipy 1.17.1 does not: it reads one number past the end of the Jacobian."""
    rng = np.random.default_rng(0)
    starts = rng.uniform(-0.3, 0.3, (3, 17))
    seen = set()
    for scale in (0.0, 1.0, 1e9):
        # blocks of the Jacobian's size, freed again, leave numbers behind where the method allocates its copies
        blocks = [np.full(64 * 17 + 1, scale) for _ in range(64)]
        del blocks
        seen.add(tuple(solvers.evaluations(solvers.SOLVERS[name], start, Protocol()) for start in starts))
    assert len(seen) == 1


def test_evaluations_stop_at_the_cap():
    count, lowest = solvers.evaluations(solvers.l_bfgs, np.full(17, 0.01), Protocol(evaluations=3))
    assert count == -1
    assert 0 < lowest < 8.5


def test_a_rule_needs_every_check_below_its_own_bound():
    assert findings.by_agreement({"forward": 1e-10, "compiled": 1e-6}) == "reproduced"
    assert findings.by_agreement({"forward": 1e-6, "compiled": 1e-6}) == "not reproduced"


def test_states_have_to_be_stored_only_if_overwriting_them_matters():
    assert findings.by_stored_states(stored=1e-16, overwritten=0.1) == "reproduced"
    assert findings.by_stored_states(stored=1e-16, overwritten=1e-12) == "not reproduced"
    assert findings.by_stored_states(stored=1e-3, overwritten=0.1) == "not reproduced"


def test_initial_weights_must_be_uniform_in_the_papers_range():
    initial = {"range": 0.3, "largest": 0.2999, "p_value": 0.5}
    assert findings.by_initial_weights(initial) == "reproduced"
    for change in ({"range": 0.5}, {"largest": 0.31}, {"p_value": 1e-6}):
        assert findings.by_initial_weights(initial | change) == "not reproduced"


def test_every_stage_runs_although_no_network_is_solved(tmp_path):
    """Two methods that stop after a few evaluations still give a complete set of claims and a section."""
    variants = {
        "paper": Protocol(seeds=3, checked=2, sweeps=5, evaluations=5),
        "targets_0.1_0.9": Protocol(seeds=3, checked=2, sweeps=5, evaluations=5, targets=(0.1, 0.9)),
    }
    folders = {name: tmp_path / name for name in variants}
    for name, protocol in variants.items():
        train.run("equations", protocol, "cpu", {}, folders[name])
        analyse.run("equations", protocol, folders[name])
    find.run("equations", folders, tmp_path / "findings.json")
    written = store.read_json(tmp_path / "findings.json")
    assert {row["within"]["count"] for row in written["values"]["rows"]} == {0}
    claims = {claim.id: claim for claim in read_claims({"equations": written}, pages.KIT / "claims")}
    assert claims["M3"].verdict == claims["R2"].verdict == "reproduced"
    assert claims["G3"].verdict == "not checkable"
    text = experiments.section("80_equations", {"equations": written})
    assert text.count("| L-BFGS |") == 2


@pytest.mark.parametrize(
    ("lower", "as_often", "less_often", "sentence"),
    [
        (True, True, False, "both descend faster, and they solve the task at least as often."),
        (True, False, True, "both descend faster, but stop in poor minima that momentum passes by."),
        (True, False, False, "both descend faster, but not both solve the task as often"),
        (False, True, False, "not both reach a lower E than gradient descent in the first 100 sweeps"),
    ],
)
def test_the_appendix_says_what_second_derivatives_bring(lower, as_often, less_often, sentence):
    checked = dict.fromkeys(findings.CHECKS, 1e-16) | {"overwritten": 0.3, "tied": 0.0}
    second = {"lower": lower, "as_often": as_often, "less_often": less_often, "budget": 2000, "networks": 100}
    values = {"checks": checked, "second": {"paper": second}, "rows": [], "changes": 10, "early": 100}
    assert sentence in experiments.section("80_equations", {"equations": {"values": values}})


def test_targets_in_the_wrong_order_are_refused():
    with pytest.raises(UserError, match="the first must be below the second"):
        Protocol(targets=(0.9, 0.1))

"""The programs against functions whose separability is known, and the proof for mirror symmetry."""

import numpy as np
import pytest

from backprop.experiments.separability.proof import most_correct, separate
from backprop.experiments.separability.protocol import Protocol
from backprop.experiments.symmetry import measures
from backprop.protocol import UserError
from tests import experiments

SQUARE = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)


@pytest.mark.parametrize("positive", [[0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 1, 0], [0, 0, 1, 1], [1, 1, 1, 1]])
def test_weights_are_found_for_threshold_functions(positive):
    positive = np.array(positive, bool)
    weights = separate(SQUARE, positive).weights
    assert weights is not None
    assert (((np.c_[SQUARE, np.ones(4)] @ weights) > 0) == positive).all()
    assert most_correct(SQUARE, positive)[0] == 4


def test_exclusive_or_is_refuted_by_all_four_cases_and_three_can_be_right():
    proof = separate(SQUARE, np.array([False, True, True, False]))
    assert proof.weights is None and proof.shares is not None
    np.testing.assert_allclose(proof.shares, 0.25)
    assert most_correct(SQUARE, np.array([False, True, True, False]))[0] == 3


def test_mirror_symmetry_is_refuted_by_four_inputs_whose_bits_cancel():
    inputs = measures.cases()
    palindrome = measures.is_palindrome(inputs)
    proof = separate(inputs, palindrome)
    assert proof.weights is None and proof.cases is not None and proof.shares is not None
    assert len(proof.cases) == 4
    signs = np.where(palindrome[proof.cases], 1, -1)
    np.testing.assert_allclose((proof.shares * signs) @ np.c_[inputs, np.ones(64)][proof.cases], 0, atol=1e-12)
    assert (proof.shares > 0).all()


def test_the_best_weights_get_as_many_cases_right_as_the_program_says():
    inputs = measures.cases()
    palindrome = measures.is_palindrome(inputs)
    best, weights = most_correct(inputs, palindrome)
    assert (((np.c_[inputs, np.ones(64)] @ weights) > 0) == palindrome).sum() == best == 57


def test_the_claim_is_complete_for_a_short_run(tmp_path):
    runs = experiments.build("separability", {"paper": Protocol(seeds=3, sweeps=30)}, tmp_path)
    results = experiments.findings("separability", runs, tmp_path / "findings.json")
    claim = experiments.claims("separability", results)["S2"]
    assert claim.verdict == "reproduced" and "57 of 64 cases" in claim.ours


def test_targets_in_descending_order_are_refused_before_training():
    with pytest.raises(UserError, match=r"targets is \[0.9, 0.1\]; the first must be below the second"):
        Protocol(targets=(0.9, 0.1))

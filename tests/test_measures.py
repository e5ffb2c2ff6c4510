"""The measures, on the printed weights of Figure 1 and on networks whose answers are known."""

import numpy as np
import pytest

from backprop.experiments.symmetry import measures

LAYER_1, LAYER_2 = (layer[None] for layer in measures.FIGURE_1)
INPUTS = measures.cases()


def test_the_printed_weights_solve_all_64_cases():
    output = measures.outputs(LAYER_1, LAYER_2, INPUTS)[0]
    palindrome = measures.is_palindrome(INPUTS)
    assert palindrome.sum() == 8
    assert ((output > 0.5) == palindrome).all()
    assert output[palindrome].min() > 0.85 and output[~palindrome].max() < 0.2


def test_figure_1_has_the_properties_the_paper_states():
    assert measures.mirror_residual(LAYER_1)[0] == 0
    assert measures.opposite_residual(LAYER_1)[0] == pytest.approx(0.1 / 14.2)
    np.testing.assert_allclose(measures.magnitudes(LAYER_1)[0], [14.2, 3.6, 7.15])
    np.testing.assert_allclose(np.ravel(measures.magnitude_ratios(LAYER_1)), [7.15 / 3.6, 14.2 / 3.6])
    assert measures.order_of_magnitudes(LAYER_1)[0] == "3-1-2"
    assert measures.sign_pattern(LAYER_1)[0] == measures.sign_pattern(LAYER_1[:, ::-1])[0] == "+-+"
    assert measures.signs_as_printed(LAYER_1, LAYER_2)[0]
    assert not measures.signs_as_printed(LAYER_1, -LAYER_2)[0]
    off, one_on = measures.hidden_states_as_described(LAYER_1, INPUTS)
    assert off[0] == one_on[0] == 1
    assert measures.smallest_gap(LAYER_1)[0] == pytest.approx(3.4 / 14.2)  # 14.2 - 7.2 - 3.6


def test_1_2_4_separates_best_and_coinciding_sums_not_at_all():
    def unit(a, b, c):
        half = np.array([a, b, c, -c, -b, -a, 0.0])
        return np.stack([half, -half])[None]

    assert measures.smallest_gap(unit(4, 1, 2))[0] == pytest.approx(1 / 4)
    assert measures.smallest_gap(unit(2, 3, 4))[0] == pytest.approx(1 / 4)
    assert measures.smallest_gap(unit(1, 2, 3))[0] == 0


def test_the_96_symmetries_leave_what_a_network_computes_on_the_task():
    rng = np.random.default_rng(0)
    layer_1, layer_2 = rng.normal(size=(1, 2, 7)), rng.normal(size=(1, 1, 3))
    before = np.sort(measures.outputs(layer_1, layer_2, INPUTS)[0])
    palindrome = measures.is_palindrome(INPUTS)
    found = set()
    for symmetry in measures.symmetries():
        moved = measures.apply_symmetry(layer_1, layer_2, symmetry)
        after = measures.outputs(*moved, INPUTS)[0]
        np.testing.assert_allclose(np.sort(after), before)
        np.testing.assert_allclose(
            np.sort(after[palindrome]), np.sort(measures.outputs(layer_1, layer_2, INPUTS)[0][palindrome])
        )
        assert measures.distance_to(*moved, (layer_1[0], layer_2[0]))[0][0] == pytest.approx(0, abs=1e-12)
        found.add(tuple(np.ravel(moved[0])))
    assert len(found) == 96


def test_distance_is_relative_to_the_target():
    distance, _ = measures.distance_to(2 * LAYER_1, 2 * LAYER_2)
    assert distance[0] == pytest.approx(1)


def test_families_are_found_from_the_data_and_named_by_whole_numbers():
    rng = np.random.default_rng(0)

    def ratios(middle, large, n):
        return np.exp(rng.normal(0, 0.003, (n, 2))) * [middle, large]

    data = np.concatenate([ratios(2, 4, 300), ratios(1.5, 2, 100), ratios(1.27, 5.33, 60), [[1.1, 8.0], [3, 3.3]]])
    names, centres = measures.families(*data.T)
    assert list(centres) == ["1:2:4", "2:3:4", next(name for name in centres if name.startswith("1:1.27"))]
    assert (names[:300] == "1:2:4").all() and (names[300:400] == "2:3:4").all() and (names[-2:] == "other").all()


def test_too_few_or_diverged_networks_make_no_family():
    names, centres = measures.families(np.array([2.0, np.nan]), np.array([4.0, np.nan]))
    assert list(names) == ["other", "other"] and centres == {}


def test_a_diverged_network_is_a_row():
    broken = np.full_like(LAYER_1, np.nan)
    assert np.isnan(measures.mirror_residual(broken)[0])
    assert not measures.signs_as_printed(broken, LAYER_2)[0]
    distance, symmetry = measures.distance_to(np.concatenate([broken, LAYER_1]), np.concatenate([LAYER_2, LAYER_2]))
    assert np.isnan(distance[0]) and distance[1] == 0 and symmetry.shape == (2,)

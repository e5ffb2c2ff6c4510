"""Verdicts follow from the numbers by the rules that the tables state, at either side of every bound."""

import pytest

from backprop.evidence.verdicts import by_count, by_share, share, together, verdict
from backprop.experiments.departures import findings as departures
from backprop.experiments.departures.scans import few_more_units
from backprop.experiments.long_run import findings as long_run
from backprop.experiments.online import findings as online
from backprop.experiments.phase import findings as phase
from backprop.experiments.separability import findings as separability
from backprop.experiments.symmetry import findings as symmetry
from backprop.experiments.targets import findings as targets


def flags(true, n=1000):
    return [True] * true + [False] * (n - true)


@pytest.mark.parametrize(
    ("true", "verdict"),
    [(1000, "reproduced"), (930, "reproduced"), (900, "partly"), (100, "partly"), (60, "not reproduced")],
)
def test_a_share_is_judged_by_its_interval(true, verdict):
    assert by_share(share(flags(true))) == verdict


def test_a_share_of_nothing_is_not_judged():
    assert by_share(share([])) == "not judged"


@pytest.mark.parametrize(
    ("verdicts", "one"),
    [
        (["reproduced", "reproduced"], "reproduced"),
        (["reproduced", "partly"], "partly"),
        (["reproduced", "not reproduced"], "partly"),
        (["not reproduced", "not reproduced"], "not reproduced"),
        (["not judged", "reproduced"], "reproduced"),
        (["not judged"], "not judged"),
        ([], "not judged"),
    ],
)
def test_under_several_codings_they_have_to_agree(verdicts, one):
    assert together(verdicts) == one


def test_conditions_are_counted():
    assert by_count([True, True]) == "reproduced"
    assert by_count([True, False]) == "partly"
    assert by_count([False, False]) == "not reproduced"
    assert verdict(False, True) == "partly" and verdict(True) == "reproduced" and verdict(False) == "not reproduced"


def test_the_papers_sweeps_are_looked_for_among_those_that_solve_the_task():
    assert symmetry.by_learning_time([400.0, 4000.0]) == "reproduced"
    assert symmetry.by_learning_time([400.0, 1165.0]) == "not reproduced"
    assert symmetry.by_learning_time(None) == "not judged"


def test_layouts_are_arbitrary_if_equal_shares_explain_them():
    layouts = {"seen": 24, "possible": 24}
    assert symmetry.by_layouts(layouts | {"p_even": 0.5}) == "reproduced"
    assert symmetry.by_layouts(layouts | {"p_even": 1e-6}) == "partly"
    assert symmetry.by_layouts(layouts | {"p_even": 1e-6, "seen": 20}) == "not reproduced"
    assert symmetry.by_layouts(layouts | {"p_even": None}) == "not judged"


def pair(true, low, high, n=128):
    middle = None if low is None else (low + (low if high is None else high)) / 2
    return {"solved": share(flags(true, n)), "median": middle, "median_interval": [low, high]}


@pytest.mark.parametrize(
    ("paper", "without", "best_with", "best_without", "verdict"),
    [
        (pair(60, 1, 2), pair(0, None, None), pair(128, 300, 330), pair(128, 440, 460), "reproduced"),
        (pair(60, 1, 2), pair(0, None, None), pair(128, 300, 450), pair(128, 440, 460), "partly"),
        (pair(60, 1, 2), pair(50, 1, 2), pair(128, 300, 330), pair(60, None, None), "partly"),
        (pair(60, 1, 2), pair(50, 1, 2), pair(60, 300, None), pair(128, 440, 460), "not reproduced"),
        (pair(60, 1, 2), None, pair(128, 300, 330), pair(128, 440, 460), "not judged"),
    ],
)
def test_momentum_must_win_at_the_papers_rate_and_between_the_best_pairs(
    paper, without, best_with, best_without, verdict
):
    assert phase.by_momentum(paper, without, best_with, best_without) == verdict


@pytest.mark.parametrize(
    ("paper", "best", "verdict"),
    [
        (pair(60, 1, 2), pair(70, 1, 2), "reproduced"),  # intervals overlap
        (pair(60, 1, 2), pair(128, 1, 2), "partly"),
        (pair(0, None, None), pair(128, 1, 2), "not reproduced"),
        (None, pair(128, 1, 2), "not judged"),
    ],
)
def test_the_papers_pair_is_judged_against_the_best_one(paper, best, verdict):
    assert phase.by_pair(paper, best) == verdict


def cell(solved, units=2, epsilon=0.1):
    return {"solved": share(flags(solved)), "hidden_units": units, "coding": ".1/.9", "epsilon": epsilon}


@pytest.mark.parametrize(
    ("solved", "verdict"),
    [
        ({2: 450, 3: 620, 4: 850, 8: 100}, "reproduced"),  # eight are more than a few
        ({2: 450, 3: 460, 4: 850}, "not reproduced"),
        ({2: 990, 3: 980, 4: 970}, "not judged"),  # nothing to improve
    ],
)
def test_a_few_more_units_are_judged_where_two_leave_some_unsolved(solved, verdict):
    settings = few_more_units([cell(count, units) for units, count in solved.items()])
    assert departures.by_more_units(settings) == verdict


def test_a_few_more_units_must_help_at_every_rate():
    helps, hurts = [cell(450), cell(620, units=3)], [cell(450, epsilon=0.2), cell(300, units=3, epsilon=0.2)]
    assert departures.by_more_units(few_more_units([*helps, *hurts])) == "partly"


@pytest.mark.parametrize(
    ("solved", "verdict"),
    [
        ((995, 996, 960, 950), "reproduced"),
        ((995, 996, 450, 830), "partly"),
        ((600, 700, 450, 830), "not reproduced"),
    ],
)
def test_getting_stuck_is_judged_in_every_setting(solved, verdict):
    assert departures.by_unsolved([cell(count) for count in solved]) == verdict


def test_the_mean_error_must_solve_fewer_with_intervals_apart():
    shares = {"half_sum": share(flags(321))}
    assert departures.by_mean_error(shares | {"mean": share(flags(260))}) == "reproduced"
    assert departures.by_mean_error(shares | {"mean": share(flags(300))}) == "not reproduced"


@pytest.mark.parametrize(
    ("apart", "solved", "random", "verdict"),
    [
        (0.0, 0, 465, "reproduced"),
        (0.1, 0, 465, "not reproduced"),
        (0.0, 1, 465, "not reproduced"),
        (0.0, 0, 0, "not reproduced"),
        (None, 0, 465, "not reproduced"),  # all diverged
    ],
)
def test_equal_units_must_stay_equal_and_fail_where_random_ones_succeed(apart, solved, random, verdict):
    equal = {"apart": apart, "solved": share(flags(solved)), "random": share(flags(random))}
    assert departures.by_equal_units(equal) == verdict


def test_the_printed_network_confirms_an_order_only_if_no_other_order_is_as_close():
    assert online.by_distance(0.003, [0, 0]) == "reproduced"
    assert online.by_distance(0.003, [0, 1]) == "partly"
    assert online.by_distance(0.05, [0]) == "partly"
    assert online.by_distance(0.5, [0]) == "not reproduced"
    assert online.by_distance(None, [0]) == "not judged"


def test_the_stated_presentations_are_compared_with_the_middle_of_the_networks():
    assert online.by_presentations([960.0, 1120.0, 1414.0]) == "reproduced"
    assert online.by_presentations([960.0, 1120.0, 1200.0]) == "not reproduced"
    assert online.by_presentations([1240.0, 1320.0, 1414.0]) == "not reproduced"
    assert online.by_presentations(None) == "not judged"


def test_targets_inside_the_range_should_stop_the_growth_of_the_weights():
    assert long_run.by_growth(0.07, 0.01) == "reproduced"
    assert long_run.by_growth(0.13, 0.07) == "partly"
    assert long_run.by_growth(0.07, 0.13) == "not reproduced"
    assert long_run.by_growth(0.01, 0.01) == "not reproduced"
    assert long_run.by_growth(None, 0.1) == "not judged"


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.097, 0.109, "reproduced"),
        (-0.01, 0.109, "partly"),  # neither coding is excluded
        (0.03, 0.07, "partly"),  # both are
        (-0.01, 0.07, "not reproduced"),
    ],
)
def test_the_printed_weights_decide_between_two_codings(low, high, verdict):
    assert targets.by_range({"low": low, "high": high}) == verdict


def test_hidden_units_are_needed_if_neither_a_program_nor_training_finds_weights():
    assert separability.by_proof(False, 0) == "reproduced"
    assert separability.by_proof(True, 0) == separability.by_proof(False, 1) == "not reproduced"

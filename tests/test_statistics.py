"""Intervals and survival curves agree with scipy and with theory, also in extreme cases."""

import numpy as np
import pytest
from scipy import stats

from backprop.evidence.statistics import (
    kaplan_meier,
    mean_interval,
    median_survival,
    paired_difference,
    quantile_of,
    wilson,
)

Sample = tuple[np.ndarray, np.ndarray]


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(("k", "n"), [(0, 5), (5, 5), (1, 7), (17, 90), (3999, 4000)])
def test_wilson_agrees_with_scipy(k: int, n: int, level: float) -> None:
    expected = stats.binomtest(k, n).proportion_ci(level, method="wilson")
    np.testing.assert_allclose(wilson(k, n, level), expected, rtol=1e-12, atol=1e-12)


def test_wilson_broadcasts_and_gives_0_to_1_without_trials() -> None:
    low, high = wilson([0, 0, 10], [0, 10, 10])
    assert low.tolist()[:2] == [0, 0]
    assert high.tolist()[::2] == [1, 1]
    assert 0 < high[1] < 1
    assert wilson(np.ones((2, 1)), [3, 4, 5])[0].shape == (2, 3)


@pytest.mark.parametrize(("k", "n"), [(3, 2), (-1, 2)])
def test_wilson_refuses_impossible_counts(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="0 <= successes <= n"):
        wilson(k, n)


@pytest.fixture(params=[1, 2, 3])
def sample(request: pytest.FixtureRequest) -> Sample:
    """Integer learning times with many ties, some of them censored at random times or at a cap."""
    rng = np.random.default_rng(request.param)
    times, limits = np.ceil(rng.gamma(3, 8, 200)), np.minimum(rng.integers(5, 80, 200), 45)
    return np.minimum(times, limits), times <= limits


def test_kaplan_meier_agrees_with_scipy(sample: Sample) -> None:
    times, observed = sample
    curve = kaplan_meier(times, observed)
    censored = stats.CensoredData(uncensored=times[observed], right=times[~observed])
    survival = stats.ecdf(censored).sf
    band = survival.confidence_interval(0.95, method="log-log")
    at = np.searchsorted(survival.quantiles, curve.times)
    np.testing.assert_allclose(curve.survival, survival.probabilities[at], rtol=1e-12)
    np.testing.assert_allclose(curve.low, band.low.probabilities[at], rtol=1e-9)
    np.testing.assert_allclose(curve.high, band.high.probabilities[at], rtol=1e-9)
    assert curve.at(0) == 1
    for time in (7, 12.5, 44):
        assert curve.at(time) == pytest.approx(float(survival.evaluate(time)))
        assert quantile_of(time, times, observed) == pytest.approx(1 - float(survival.evaluate(time)))


def test_without_censoring_the_quantile_is_the_share_and_the_median_an_order_statistic() -> None:
    times = np.arange(1, 102)
    solved = np.ones(101, bool)
    assert quantile_of(50, times, solved) == pytest.approx(50 / 101)
    assert quantile_of(1e9, times, solved) == 1
    estimate = median_survival(times, solved)
    assert estimate.value == 51
    # the binomial interval for a median of 101 has ranks 41 to 61; the log-log band may differ by two ranks
    assert estimate.low == pytest.approx(41, abs=2)
    assert estimate.high == pytest.approx(61, abs=2)


def test_the_interval_covers_the_median_of_an_exponential_in_95_percent_of_samples() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(400):
        true, cap = rng.exponential(1, 80), 1.2
        _, low, high = median_survival(np.minimum(true, cap), true <= cap)
        hits += (low is None or low <= np.log(2)) and (high is None or np.log(2) < high)
    assert stats.binom.sf(hits - 1, 400, 0.95) > 5e-4
    assert stats.binom.cdf(hits, 400, 0.95) > 5e-4


def test_a_median_is_not_reached_when_most_are_censored() -> None:
    times = np.r_[np.arange(1, 41), np.full(60, 100)]
    observed = np.r_[np.ones(40, bool), np.zeros(60, bool)]
    assert median_survival(times, observed).value is None
    assert median_survival(times[:80], observed[:80]).value == 40  # exactly one half
    assert quantile_of(100, times, observed) == pytest.approx(0.4)
    assert quantile_of(101, times, observed) is None


def test_samples_that_are_all_censored_empty_or_diverged() -> None:
    censored = kaplan_meier([10, 10], [False, False])
    assert censored.times.size == 0
    assert censored.at(10) == 1
    assert np.isnan(censored.at(11))
    assert median_survival([], []) == (None, None, None)
    assert quantile_of(3, [], []) is None
    diverged = kaplan_meier([5, np.nan, 10], [True, False, False])
    assert diverged.at(10) == pytest.approx(2 / 3)
    assert kaplan_meier([np.nan], [False]).at(0) == 1
    with pytest.raises(ValueError, match="needs a time"):
        kaplan_meier([np.nan], [True])
    with pytest.raises(ValueError, match="one length"):
        kaplan_meier([1, 2], [True])


def _table(both: int, only_first: int, only_second: int, neither: int) -> Sample:
    counts = (both, only_first, only_second, neither)
    return np.repeat([1, 1, 0, 0], counts), np.repeat([1, 0, 1, 0], counts)


@pytest.mark.parametrize("table", [(10, 3, 12, 5), (0, 0, 0, 4), (2000, 900, 1000, 100), (0, 7, 0, 0)])
def test_mcnemar_is_the_exact_binomial_test_on_discordant_pairs(table: tuple[int, int, int, int]) -> None:
    first, second = _table(*table)
    result = paired_difference(first, second)
    discordant = table[1] + table[2]
    expected = stats.binomtest(table[1], discordant).pvalue if discordant else 1
    assert result.p_value == pytest.approx(expected, rel=1e-9)
    assert result.difference == pytest.approx(first.mean() - second.mean())
    assert -1 <= result.low <= result.difference <= result.high <= 1


def test_the_paired_interval_is_narrower_than_the_unpaired_one_if_seeds_agree() -> None:
    result = paired_difference(*_table(80, 10, 2, 8))
    (low_1, low_2), (high_1, high_2) = wilson([90, 82], 100)
    unpaired = np.hypot(0.9 - low_1, high_2 - 0.82) + np.hypot(high_1 - 0.9, 0.82 - low_2)
    assert result.high - result.low < 0.9 * unpaired
    first, second = _table(80, 10, 2, 8)
    swapped = paired_difference(second, first)
    np.testing.assert_allclose([swapped.low, swapped.high], [-result.high, -result.low], rtol=1e-12)


def test_the_paired_interval_covers_the_difference_in_95_percent_of_samples() -> None:
    rng = np.random.default_rng(1)
    chances = np.array([0.55, 0.2, 0.1, 0.15])
    hits = 0
    for both, only_first, only_second, neither in rng.multinomial(60, chances, 2000):
        result = paired_difference(*_table(both, only_first, only_second, neither))
        hits += result.low <= 0.1 <= result.high
    assert 0.93 < hits / 2000 < 0.98


def test_a_paired_difference_needs_pairs() -> None:
    with pytest.raises(ValueError, match="one length"):
        paired_difference([True], [True, False])


def test_the_mean_interval_agrees_with_scipy_and_ignores_values_that_are_not_finite() -> None:
    x = np.random.default_rng(2).normal(3, 2, 25)
    interval = mean_interval(np.r_[x, np.nan, np.inf])
    low, high = stats.ttest_1samp(x, 0).confidence_interval(0.95)
    assert interval["mean"] == pytest.approx(x.mean())
    assert interval["deviation"] == pytest.approx(x.std(ddof=1))
    assert (interval["low"], interval["high"]) == (pytest.approx(low), pytest.approx(high))


def test_the_mean_interval_is_cut_to_the_possible_values_and_needs_two_of_them() -> None:
    cut = mean_interval([0.0, 0.1, 1.0], 0.0, 1.0)
    assert (cut["low"], cut["high"]) == (0, 1)
    assert mean_interval([0.3, np.nan]) == {"mean": 0.3, "deviation": None, "low": None, "high": None}
    assert mean_interval([]) == {"mean": None, "deviation": None, "low": None, "high": None}

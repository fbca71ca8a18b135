import math

import numpy as np
import pytest
import torch

from dlbook.stats import Interval, interval, over_seeds

# quantiles of Student's t as tables have them: runs, level, t with runs - 1 degrees of freedom
TABLE = [
    (2, 0.95, 12.706205),  # = tan(0.475 pi), the quantile of a Cauchy distribution
    (5, 0.99, 4.604095),
    (10, 0.95, 2.262157),
    (31, 0.90, 1.697261),
]


@pytest.mark.parametrize(("n", "level", "quantile"), TABLE)
def test_the_interval_is_the_mean_and_t_standard_errors_about_it(n, level, quantile):
    values = [math.sin(i) for i in range(n)]
    mean = sum(values) / n
    error = math.sqrt(sum((x - mean) ** 2 for x in values) / (n - 1) / n)
    found = interval(values, level)
    wanted = (mean, mean - quantile * error, mean + quantile * error, n)
    assert found == pytest.approx(wanted, rel=1e-6)  # the table has seven digits


def test_the_level_is_95_percent_unless_another_is_asked_for():
    assert interval([1.0, 2.0, 4.0]) == interval([1.0, 2.0, 4.0], 0.95)


def test_the_interval_covers_the_mean_as_often_as_its_level_says():
    rng = np.random.default_rng(0)
    level, repeats = 0.8, 1000
    found = [interval(rng.normal(3.0, 2.0, size=4), level) for _ in range(repeats)]
    covered = np.mean([low <= 3.0 <= high for _, low, high, _ in found])
    assert abs(covered - level) < 4 * math.sqrt(level * (1 - level) / repeats)


def test_runs_without_spread_give_an_interval_without_width():
    assert interval([0.1] * 3) == Interval(pytest.approx(0.1), *[pytest.approx(0.1)] * 2, 3)


@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e20])
def test_the_unit_of_the_runs_does_not_matter(scale):
    low, high = interval(np.array([1.0, 2.0, 4.0]) * scale)[1:3]
    assert (low / scale, high / scale) == pytest.approx(interval([1.0, 2.0, 4.0])[1:3])


@pytest.mark.parametrize(
    "values",
    [(1, 2, 4), torch.tensor([1.0, 2.0, 4.0]), {"a": 1, "b": 2, "c": 4}.values(), iter([1, 2, 4])],
    ids=lambda values: type(values).__name__,
)
def test_runs_come_as_any_iterable_of_numbers(values):
    assert interval(values) == interval([1.0, 2.0, 4.0])


def test_an_interval_reads_as_mean_bounds_and_number_of_runs():
    assert str(Interval(1.23456, 1.0, 1.5, 7)) == "1.23 [1, 1.5] (n = 7)"


@pytest.mark.parametrize("values", [[], [1.0], 3.0, [[1.0, 2.0], [3.0, 4.0]]])
def test_an_interval_needs_two_runs_in_a_row(values):
    with pytest.raises(ValueError, match="at least two runs, not shape"):
        interval(values)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_runs_must_be_finite(bad):
    with pytest.raises(ValueError, match="must be finite numbers"):
        interval([1.0, bad, 2.0])


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, math.nan])
def test_a_level_is_a_probability(level):
    with pytest.raises(ValueError, match="level is a probability between 0 and 1"):
        interval([1.0, 2.0], level)


def test_each_seed_is_run_once_in_the_order_given():
    seen = []
    results = over_seeds(lambda seed: seen.append(seed) or seed**2, (s for s in (3, 1, 2)))
    assert seen == [3, 1, 2]
    assert results.tolist() == [9.0, 1.0, 4.0]
    assert results.dtype == np.float64


def test_an_experiment_may_give_a_tensor_with_one_number_even_with_its_gradient():
    weight = torch.ones((), requires_grad=True)
    assert over_seeds(lambda seed: weight * seed, [1, 2]).tolist() == [1.0, 2.0]


def test_a_seed_that_comes_twice_is_refused():
    with pytest.raises(ValueError, match=r"A seed comes twice.*\[1, 2, 1\]"):
        over_seeds(float, [1, 2, 1])


@pytest.mark.parametrize("bad", [math.nan, -math.inf])
def test_a_result_that_is_not_finite_is_reported_with_its_seed(bad):
    with pytest.raises(ValueError, match="NaN or infinity with seed 7"):
        over_seeds(lambda seed: bad if seed == 7 else 1.0, [5, 6, 7, 8])


@pytest.mark.parametrize("result", [np.ones(2), torch.ones(2), [1.0], None])
def test_a_result_that_is_not_one_number_is_refused(result):
    with pytest.raises(ValueError, match=r"number.*seed 5"):
        over_seeds(lambda seed: result, [5])

"""An experiment over several seeds, and the interval that its mean lies in."""

import math
import numbers
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import torch
from scipy.stats import ttest_1samp


class Interval(NamedTuple):
    """A mean over ``n`` independent runs with its confidence interval, in the unit of the runs."""

    mean: float
    low: float
    high: float
    n: int

    def __str__(self):
        return f"{self.mean:.3g} [{self.low:.3g}, {self.high:.3g}] (n = {self.n})"


def over_seeds(experiment: Callable[[int], float], seeds: Iterable[int]) -> np.ndarray:
    """Run ``experiment(seed)`` for each seed and give the results in that order.

    Raises:
        ValueError: A seed comes twice, or a result is not one finite number.
    """
    seeds = list(seeds)
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"A seed comes twice, so its run would count twice: {seeds}.")
    return np.array([_number(experiment(seed), seed) for seed in seeds])


def _number(result, seed):
    if isinstance(result, torch.Tensor):
        result = result.detach().cpu()
    if np.shape(result) != () or not isinstance(result, numbers.Real | np.ndarray | torch.Tensor):
        raise ValueError(f"The experiment must give one number, not {result!r:.80} (seed {seed}).")
    if not math.isfinite(result):
        raise ValueError(f"The experiment gave NaN or infinity with seed {seed}.")
    return float(result)


def interval(values: Iterable[float], level: float = 0.95) -> Interval:
    """Give Student's t interval for the mean of independent runs.

    For two methods on the same seeds, pass the differences of their results: the seeds' common
    part then cancels. The interval supposes that the mean is close to normally distributed.

    Raises:
        ValueError: There are fewer than two values, one is not finite, or ``level`` is not between
            0 and 1.
    """
    values = np.array(list(values) if isinstance(values, Iterable) else values, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(
            f"An interval needs a list of at least two runs, not shape {values.shape}."
        )
    if not np.isfinite(values).all():
        raise ValueError(f"The runs must be finite numbers, not {values}.")
    if not 0 < level < 1:
        raise ValueError(f"level is a probability between 0 and 1, such as 0.95, not {level}.")
    mean = float(values.mean())
    if math.isclose(values.min(), values.max(), rel_tol=1e-12):
        return Interval(mean, mean, mean, len(values))  # no spread: the t statistic is undefined
    low, high = ttest_1samp(values, popmean=0).confidence_interval(level)
    return Interval(mean, float(low), float(high), len(values))

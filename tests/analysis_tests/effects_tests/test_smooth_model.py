"""The model against the same posterior computed one grid point after the other, and its limits."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from analysis.effects import smooth_model
from analysis.effects.settings import Array
from analysis.effects.smooth_model import Mixture, Points, SmoothModel


def points(rng: np.random.Generator, n: int) -> Points:
    return Points(rng.normal(size=(n, 4)), rng.normal(size=(n, 2)), rng.random((n, 3)))


def covariance(left: Points, right: Points, bend: float, ratio: float, square: float) -> Array:
    differences = left.coordinates[:, None, :] - right.coordinates[None, :, :]
    smooth = np.exp(-(differences**2).sum(axis=2) / (2 * square))
    straight = smooth_model.STEP_VARIANCE * left.steps @ right.steps.T
    return np.asarray(straight + bend * (left.curves @ right.curves.T + ratio * smooth))


def slow_posterior(trials: Points, side: tuple[Points, Points], outcome: Array) -> tuple[float, float]:
    """Mean and standard deviation of the mixture by textbook formulas; m has a normal prior, all but flat."""
    n = len(outcome)
    scale = outcome.std(ddof=1)
    y = (outcome - outcome.mean()) / scale
    apart = ((trials.coordinates[:, None] - trials.coordinates[None]) ** 2).sum(axis=2)
    typical = apart.sum() / (n * (n - 1))
    bends, ratios, lengths = smooth_model._BENDS, smooth_model._RATIOS, smooth_model._LENGTHS
    shapes = [(0.0, 0.0, 1.0), *itertools.product(bends, ratios, lengths)]
    told = []
    with_it, without = side
    for (bend, ratio, length), s in itertools.product(shapes, smooth_model._NOISES):
        shape = bend, ratio, length * typical
        seen = covariance(trials, trials, *shape) + s * np.eye(n) + 1e4 * np.ones((n, n))
        towards = covariance(trials, with_it, *shape).mean(axis=1)
        towards = towards - covariance(trials, without, *shape).mean(axis=1)
        own = (
            covariance(with_it, with_it, *shape).mean()
            + covariance(without, without, *shape).mean()
            - 2 * covariance(with_it, without, *shape).mean()
        )
        solved = np.linalg.solve(seen, np.stack([y, towards], axis=1))
        evidence = -0.5 * (np.linalg.slogdet(seen)[1] + y @ solved[:, 0])
        told.append((evidence, towards @ solved[:, 0], own - towards @ solved[:, 1]))
    evidence, means, variances = np.array(told).T
    weights = np.exp(evidence - evidence.max())
    weights /= weights.sum()
    mean = weights @ means
    deviation = math.sqrt(weights @ (variances + means**2) - mean**2)
    return float(scale * mean), float(scale * deviation)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_posterior_is_that_of_the_textbook(seed: int) -> None:
    rng = np.random.default_rng(seed)
    trials, side = points(rng, 12), (points(rng, 5), points(rng, 4))
    outcome = 7 + trials.steps[:, 0] + np.sin(4 * trials.coordinates[:, 0]) + 0.2 * rng.normal(size=12)
    (found,) = SmoothModel(trials, [side]).contrasts(outcome)
    mean, deviation = slow_posterior(trials, side, outcome)
    second = found.weights @ (found.deviations**2 + found.means**2)
    assert found.mean == pytest.approx(mean, rel=1e-2)
    assert math.sqrt(second - found.mean**2) == pytest.approx(deviation, rel=1e-2)


def test_a_straight_line_without_noise_is_found_exactly() -> None:
    rng = np.random.default_rng(0)
    trials = points(rng, 60)
    origin = Points(np.zeros((1, 4)), np.zeros((1, 2)), np.zeros((1, 3)))
    side = (replace(origin, steps=np.eye(4)[:1]), origin)
    (found,) = SmoothModel(trials, [side]).contrasts(3 + 2 * trials.steps[:, 0])
    assert found.mean == pytest.approx(2, abs=0.02)
    assert found.quantile(0.025) > 1.9
    assert found.p_value < 1e-6


def test_units_do_not_matter() -> None:
    rng = np.random.default_rng(3)
    trials, side = points(rng, 20), (points(rng, 4), points(rng, 4))
    outcome = rng.normal(size=20)
    model = SmoothModel(trials, [side])
    (small,), (large,) = model.contrasts(outcome), model.contrasts(1e6 * outcome - 5e7)
    assert large.mean == pytest.approx(1e6 * small.mean, rel=1e-6)
    assert large.p_value == pytest.approx(small.p_value, rel=1e-6)


def test_an_outcome_that_never_varies_has_no_effects() -> None:
    rng = np.random.default_rng(0)
    model = SmoothModel(points(rng, 12), [(points(rng, 3), points(rng, 3))])
    (found,) = model.contrasts(np.full(12, 0.7))
    assert found.mean == 0
    assert found.quantile(0.025) < 0 < found.quantile(0.975)
    assert found.p_value == pytest.approx(1)


def test_trials_that_are_all_alike_tell_nothing() -> None:
    rng = np.random.default_rng(0)
    alike = Points(np.ones((12, 4)), np.ones((12, 2)), np.ones((12, 3)))
    (found,) = SmoothModel(alike, [(points(rng, 3), points(rng, 3))]).contrasts(rng.normal(size=12))
    assert found.mean == pytest.approx(0, abs=1e-6)
    assert found.p_value > 0.9


def test_quantiles_of_a_mixture() -> None:
    one = Mixture(np.array([1.0]), np.array([2.0]), np.ones(1))
    assert one.quantile(0.975) == pytest.approx(stats.norm(1, 2).ppf(0.975))
    assert one.p_value == pytest.approx(2 * stats.norm(1, 2).cdf(0))
    two = Mixture(np.array([-1.0, 1.0]), np.ones(2), np.array([0.5, 0.5]))
    assert two.quantile(0.5) == pytest.approx(0, abs=1e-9)
    assert two.mean == 0

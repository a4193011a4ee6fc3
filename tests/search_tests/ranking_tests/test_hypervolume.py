"""The hypervolume by directions against an exact one, and what a point adds."""

from __future__ import annotations

import numpy as np
import pytest
from optuna._hypervolume import compute_hypervolume

from search.ranking.hypervolume import BEYOND, Gain


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_mean_over_directions_is_the_hypervolume(k: int) -> None:
    losses = np.random.default_rng(k).random((12, k))
    gain = Gain(losses)
    scaled = (losses - losses.min(0)) / (losses.max(0) - losses.min(0))
    exact = compute_hypervolume(scaled, np.full(k, 1 + BEYOND))
    assert gain.hypervolume == pytest.approx(exact, rel=0.12 if k > 1 else 1e-9)
    assert gain.volume(losses) == pytest.approx(gain.hypervolume)


def test_what_is_dominated_adds_nothing_and_the_rest_what_it_adds_to_the_volume() -> None:
    losses = np.array([[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])
    gain = Gain(losses)
    dominated, better, gap = np.array([0.6, 0.6]), np.array([0.2, 0.2]), np.array([0.2, 0.7])
    added = gain.of(np.stack([dominated, better, gap]))
    assert added[0] == 0
    assert added[1] > added[2] > 0
    assert added[1] == pytest.approx(gain.volume(np.vstack([losses, better])) - gain.hypervolume)


def test_with_one_objective_it_is_the_improvement() -> None:
    gain = Gain(np.array([[3.0], [5.0]]))  # a range of 2
    assert gain.of(np.array([[2.0], [3.0], [4.0]])) == pytest.approx([0.5, 0.0, 0.0])


def test_losses_that_are_all_alike_have_a_volume_too() -> None:
    assert Gain(np.array([[1.0, 2.0]])).hypervolume > 0

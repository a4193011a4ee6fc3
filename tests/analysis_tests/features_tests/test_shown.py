"""Which images are chosen, from codes made up for the purpose."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.features import shown
from analysis.features.feature import NO_CLASS
from analysis.features.observed import Observed, observe
from tests.analysis_tests.features_tests.wired import wired, world


@pytest.fixture(scope="module")
def observed() -> Observed:
    return observe(wired(), world().val)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_strongest_come_first_and_equal_ones_in_order() -> None:
    z = np.array([0.0, 2.0, 3.0, 2.0, 0.0], dtype=np.float32)
    assert shown.top(z).tolist() == [2, 1, 3]
    assert len(shown.top(np.ones(40, dtype=np.float32))) == 16


def test_near_misses_are_silent_images_of_the_class_nearest_to_firing() -> None:
    u = np.array([5.0, -1.0, -3.0, -2.0, -0.5, 0.7])
    z = np.array([5.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    labels = np.array([1, 1, 1, 1, 0, 1])
    # A code that TopK left out may have a u above 0: nothing is a nearer miss.
    assert shown.near_misses(u, z, labels, 1).tolist() == [5, 1, 3, 2]
    assert shown.near_misses(np.full(6, -np.inf), z, labels, 1).tolist() == [1, 2, 3, 5]
    assert shown.near_misses(u, z, labels, NO_CLASS).tolist() == []


def test_random_ones_are_drawn_uniformly_among_those_that_fire() -> None:
    z = np.where(np.arange(40) < 20, 1.0 + np.arange(40), 0.0).astype(np.float32)
    generator, counts = rng(), np.zeros(40)
    for _ in range(500):
        rows = shown.random_active(z, generator)
        assert len(set(rows.tolist())) == 8
        counts[rows] += 1
    assert not counts[20:].any()
    # Each is drawn 200 times in 500 on average, with a standard deviation of 11.
    assert np.abs(counts[:20] - 200).max() < 45


def test_intervals_have_their_share_and_only_their_own(observed: Observed) -> None:
    z = np.zeros(len(observed), dtype=np.float32)
    z[:10] = [0.1, 0.15, 0.3, 0.3, 0.5, 0.55, 0.55, 0.55, 0.9, 1.0]
    found = shown.intervals(observed, z, rng())
    assert [i.share for i in found] == pytest.approx([0.2, 0.2, 0.4, 0.0, 0.2])
    assert [i.low for i in found] == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8])
    assert found[-1].high == 1.0
    assert sorted(found[2].examples.rows.tolist()) == [4, 5, 6, 7]
    assert found[4].examples.activations.tolist() == pytest.approx([1.0, 0.9])
    assert np.array_equal(found[0].examples.images, observed.images[[1, 0]].numpy())


@pytest.mark.parametrize("scale", [1.0, 1e-42, 8e37])
def test_bins_are_the_same_whatever_the_unit(scale: float) -> None:
    z = (np.array([0.0, 0.9, 1.9, 4.0]) * scale).astype(np.float32)
    assert shown.bins(z, 4).tolist() == [-1, 0, 1, 3]


def test_the_histogram_is_numpys_own() -> None:
    z = rng().exponential(size=500).astype(np.float32) * (rng().random(500) < 0.6)
    labels = rng().integers(0, 3, 500)
    counts, edges = shown.histogram(z, labels, 4)
    for c in range(3):
        own = np.histogram(z[(labels == c) & (z > 0)], bins=40, range=(0, z.max()))[0]
        assert counts[c].tolist() == own.tolist()
    assert counts[3].sum() == 0
    assert edges == pytest.approx(np.linspace(0, z.max(), 41))

"""Concentration of maps: known shapes, the pairwise definition, and the nulls."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from trainables.metrics import gini, junk
from trainables.metrics.latent_image_pairs import firing_pairs, sample_latents, top_pairs

SIDE = 10


def images(n: int = 40) -> Tensor:
    return torch.rand(n, SIDE, SIDE, generator=torch.Generator().manual_seed(0))


def test_uniform_single_half_and_nothing() -> None:
    maps = torch.zeros(4, SIDE, SIDE)
    maps[0] = 0.3
    maps[1, 4, 4] = 7
    maps[2, :5] = 1
    assert gini.gini(maps).tolist() == pytest.approx([0.0, 1 - 1 / SIDE**2, 0.5, 0.0])


def test_is_half_the_relative_mean_difference() -> None:
    """G = sum_ij |a_i - a_j| / (2 n^2 mean a), the definition without sorting."""
    maps = torch.rand(5, SIDE, SIDE, generator=torch.Generator().manual_seed(1)) ** 3
    flat = maps.flatten(1).double().numpy()
    expected = [np.abs(a[:, None] - a[None]).sum() / (2 * len(a) ** 2 * a.mean()) for a in flat]
    np.testing.assert_allclose(gini.gini(maps).numpy(), expected, rtol=1e-9)


def test_uniform_reading_is_the_null_and_normal_weights_are_at_their_expectation() -> None:
    """For |N(0, 1)| G = sqrt(2) - 1; over 64 x 100 weights its s.e. is below 0.01."""
    z = torch.ones(40, 64)
    pairs = firing_pairs(z, torch.ones(64, dtype=torch.bool), seed=0)[0]
    weights = torch.randn(SIDE**2, 64, generator=torch.Generator().manual_seed(2))
    uniform = gini.mean_gini(lambda x: x.flatten(1).sum(1, keepdim=True).expand(-1, 64), pairs, images(), 0)
    assert uniform == pytest.approx(0, abs=1e-9)
    found = gini.mean_gini(lambda x: x.flatten(1) @ weights, pairs, images(), 0)
    assert found == pytest.approx(2**0.5 - 1, abs=0.03)
    assert gini.untrained_gini(lambda x: x.flatten(1) @ weights, images(), 0) == pytest.approx(
        2**0.5 - 1, abs=0.03
    )


def test_without_a_latent_the_null() -> None:
    pairs = firing_pairs(torch.zeros(40, 3), torch.ones(3, dtype=torch.bool), seed=0)[0]
    assert gini.mean_gini(lambda x: x.flatten(1), pairs, images(), 0) == 0


def test_order_scale_and_batch_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = torch.randn(SIDE**2, 4, generator=torch.Generator().manual_seed(3))
    z = torch.rand(40, 4, generator=torch.Generator().manual_seed(4))
    order, scale = torch.tensor([2, 0, 3, 1]), torch.tensor([4.0, 0.5, 2.0, 1.0])
    alive = torch.ones(4, dtype=torch.bool)

    def measure(codes: Tensor, w: Tensor) -> float:
        pairs = firing_pairs(codes, alive, seed=0)[0]
        return gini.mean_gini(lambda x: (x.flatten(1) @ w).square(), pairs, images(), 0)

    plain = measure(z, weights)
    assert measure((z * scale)[:, order], (weights * scale.sqrt())[:, order]) == pytest.approx(plain)
    monkeypatch.setattr(junk, "PAIRS", 9)
    assert measure(z, weights) == pytest.approx(plain)


def test_pairs_know_their_latents() -> None:
    values = torch.tensor([[1.0, 0.0], [3.0, 0.0], [2.0, 5.0]])
    pairs = top_pairs(values, torch.tensor([4, 7]), firing_only=True, top=2)
    found = set(zip(pairs.images[pairs.at].tolist(), pairs.column.tolist(), strict=True))
    assert found == {(1, 4), (2, 4), (2, 7)}
    assert pairs.latent_means(torch.arange(3.0) * 0 + 5).tolist() == [5.0, 5.0]
    assert len(sample_latents(torch.ones(9, dtype=torch.bool), 0, most=4)) == 4

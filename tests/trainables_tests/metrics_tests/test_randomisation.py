"""Rank correlation of maps: scipy, maps that only draw the image, and maps of unrelated weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import rankdata, spearmanr
from torch import Tensor

from trainables.attribution.attribution import Attribution, Latents
from trainables.attribution.gradient import Gradient
from trainables.attribution.settings import GradientConfig
from trainables.metrics.latent_image_pairs import Pairs, firing_pairs
from trainables.metrics.randomisation import average_ranks, rank_correlation, spearman

SIDE = 10


def images() -> Tensor:
    return torch.rand(40, SIDE, SIDE, generator=torch.Generator().manual_seed(0))


def pairs(f: int = 8) -> Pairs:
    z = torch.rand(40, f, generator=torch.Generator().manual_seed(1))
    return firing_pairs(z, torch.ones(f, dtype=torch.bool), seed=0)[0]


def linear(seed: int, f: int = 8) -> Latents:
    weights = torch.randn(SIDE**2, f, generator=torch.Generator().manual_seed(seed))
    return lambda x: x.flatten(1) @ weights


def gradient() -> Attribution:
    return Gradient(GradientConfig(), images(), torch.Generator().manual_seed(0))


def test_agrees_with_scipy_also_on_ties() -> None:
    generator = torch.Generator().manual_seed(2)
    first = torch.randint(0, 6, (5, SIDE, SIDE), generator=generator).float()
    second = first + torch.randint(0, 9, (5, SIDE, SIDE), generator=generator).float()
    expected = [
        spearmanr(a.flatten().numpy(), b.flatten().numpy()).statistic
        for a, b in zip(first, second, strict=True)
    ]
    np.testing.assert_allclose(spearman(first, second).numpy(), expected, rtol=1e-9)
    np.testing.assert_allclose(
        average_ranks(first.flatten(1)).numpy(), rankdata(first.flatten(1).numpy(), axis=1)
    )


def test_a_constant_map_correlates_with_nothing() -> None:
    assert spearman(torch.ones(1, 4, 4), torch.rand(1, 4, 4)).item() == 0


def test_the_same_network_is_1_and_unrelated_weights_are_0() -> None:
    """8 latents of 100 independent weights: s.d. of one rho 0.1, of their mean 0.036."""
    assert rank_correlation(gradient(), linear(0), linear(0), pairs(), images()) == pytest.approx(1)
    assert abs(rank_correlation(gradient(), linear(0), linear(1), pairs(), images())) < 0.15


def test_a_map_that_only_draws_the_image_is_caught() -> None:
    class Drawing(Attribution):
        def __init__(self) -> None:
            pass

        def maps(self, latents: Latents, images: Tensor, columns: Tensor) -> Tensor:
            return images * latents(images).gather(1, columns[:, None])[:, :, None]

    assert rank_correlation(Drawing(), linear(0), linear(1), pairs(), images()) == pytest.approx(1)


def test_order_and_scale_of_latents_do_not_matter() -> None:
    order, scale = torch.tensor([3, 1, 0, 2]), torch.tensor([2.0, 0.5, 4.0, 1.0])
    plain = rank_correlation(gradient(), linear(0, 4), linear(1, 4), pairs(4), images())
    z = torch.rand(40, 4, generator=torch.Generator().manual_seed(1))
    other = firing_pairs(z[:, order], torch.ones(4, dtype=torch.bool), seed=0)[0]
    before, after = linear(0, 4), linear(1, 4)
    changed = rank_correlation(
        gradient(), lambda x: (before(x) * scale)[:, order], lambda x: after(x)[:, order], other, images()
    )
    assert changed == pytest.approx(plain)


def test_without_a_latent_0() -> None:
    nobody = firing_pairs(torch.zeros(40, 2), torch.ones(2, dtype=torch.bool), seed=0)[0]
    assert rank_correlation(gradient(), linear(0), linear(1), nobody, images()) == 0

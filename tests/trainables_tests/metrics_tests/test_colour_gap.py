"""Colour latents: planted shapes and grounds, the decomposition of variance, and random directions."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from trainables.batches import in_batches
from trainables.metrics import colour_gap
from trainables.metrics.colour_gap import colour_share

SIDE = 8


def bars(n: int = 64) -> Tensor:
    images = torch.zeros(n, SIDE, SIDE)
    images[torch.arange(n), :, torch.arange(n) % SIDE] = 1
    return images


def planted(x: Tensor) -> Tensor:
    """A bar in column 0 on black, the same on any ground, bright, dark ground, total light, a constant."""
    column = x[:, :, 0].mean(1)
    others = x[:, :, 1:].mean((1, 2))
    contrast = (column - others).abs()
    return torch.stack(
        [
            (column - others - 0.5).relu(),
            (contrast - 0.5).relu(),
            (others - 0.5).relu(),
            (0.5 - x.mean((1, 2))).relu(),
            x.sum((1, 2)),
            torch.full((len(x),), 0.7),
        ],
        dim=1,
    )


def test_shapes_are_shapes_and_grounds_are_grounds() -> None:
    share = colour_share(planted, bars())
    assert (share[:2] < 0.1).all()
    assert (share[2:5] > 0.9).all()
    assert share[5] == 0
    alive = torch.ones(6, dtype=torch.bool)
    assert colour_gap.colour_gap(planted, alive, bars()) == 0.5
    assert colour_gap.colour_gap(planted, torch.tensor([1, 1, 0, 0, 0, 0], dtype=torch.bool), bars()) == 0


def test_a_silent_answer_to_inversion_is_no_colour_until_a_latent_is_dense() -> None:
    """One size of code at firing rate r, silent on inverses: C / S = r / (2 (1 - r)), over 1 from r = 2/3."""
    images = torch.zeros(100, SIDE, SIDE)
    images[:, 0, 0] = torch.arange(100) / 100
    for rate in (0.05, 0.5, 0.66, 0.68, 0.9):

        def codes(x: Tensor, rate: float = rate) -> Tensor:
            return ((x[:, 0, 0] < rate - 0.005) * (x[:, 1, 1] == 0)).float()[:, None]

        ratio = rate / (2 * (1 - rate))
        assert colour_share(codes, images).item() == pytest.approx(ratio / (1 + ratio), abs=1e-5)


def test_is_numpys_decomposition_of_the_variance() -> None:
    """C + S is the variance of the pooled codes, C the part between the two colours."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(50, SIDE, SIDE, generator=generator)
    weights = torch.randn(SIDE**2, 7, generator=generator)

    def codes(x: Tensor) -> Tensor:
        return (x.flatten(1) @ weights).relu()

    both = np.stack([codes(images).double().numpy(), codes(1 - images).double().numpy()])
    expected = both.mean(axis=1).var(axis=0) / both.reshape(-1, 7).var(axis=0)
    np.testing.assert_allclose(colour_share(codes, images).numpy(), expected, rtol=1e-6)


def test_codes_that_know_nothing_of_colour_have_no_gap() -> None:
    """Codes of noise that is its own inverse in distribution: C is of order 1 / n."""
    images = torch.rand(400, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    weights = torch.randn(SIDE**2, 32, generator=torch.Generator().manual_seed(2))
    centred = colour_share(lambda x: ((x - 0.5).flatten(1) @ weights).relu(), images)
    assert centred.max() < 0.05


def test_order_scale_and_batch_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    order, scale = torch.tensor([3, 0, 5, 1, 2, 4]), torch.tensor([2.0, 4.0, 0.5, 8.0, 1.0, 16.0])
    plain = colour_share(planted, bars())
    torch.testing.assert_close(colour_share(lambda x: (planted(x) * scale)[:, order], bars()), plain[order])
    monkeypatch.setattr(colour_gap, "in_batches", partial(in_batches, size=5))
    torch.testing.assert_close(colour_share(planted, bars()), plain)


def test_none_alive_is_told_apart_from_no_gap() -> None:
    assert colour_gap.colour_gap(planted, torch.zeros(6, dtype=torch.bool), bars()) is None

"""Background noise: latents whose answer to it is known by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_dilation
from torch import Tensor

from trainables.batches import in_batches
from trainables.metrics import background_sensitivity
from trainables.metrics.background_sensitivity import latent_sensitivity, sensitivity
from trainables.metrics.junk import untrained_pairs
from trainables.metrics.latent_image_pairs import Pairs, firing_pairs
from trainables.metrics.selectivity_nulls import firing_grid

SIDE = 10


def bars(n: int = 40) -> Tensor:
    images = torch.zeros(n, SIDE, SIDE)
    images[torch.arange(n), 2:8, torch.arange(n) % SIDE] = 1
    return images


def pairs_of(z: Tensor) -> Pairs:
    return firing_pairs(z, torch.ones(z.shape[1], dtype=torch.bool), seed=0)[0]


def measured(codes: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    return latent_sensitivity(codes, pairs_of(codes(images)), images, seed=0)


def test_known_answers() -> None:
    """A latent of bright pixels alone reads strokes. The sum over all pixels grows by the noise's mean, 0.15
    on each of the background's pixels. A latent that noise silences changes by all it was."""
    images = bars()

    def codes(x: Tensor) -> Tensor:
        flat = x.flatten(1)
        bright = ((flat - 0.5).relu()).sum(1)
        silenced = (bright > 0) * (((flat > 0) & (flat < 0.4)).sum(1) == 0)
        return torch.stack([bright, flat.sum(1), silenced.float(), 3 * flat.sum(1)], dim=1)

    inside = torch.tensor(
        np.mean([binary_dilation(x.numpy() >= 0.5).sum() for x in images[:SIDE]]), dtype=torch.float64
    )
    expected = (SIDE**2 - inside) * 0.15 / 6
    result = measured(codes, images)
    assert result[0] == 0
    assert result[1] == pytest.approx(float(expected), rel=0.02)
    assert result[2] == 1
    assert result[3] == pytest.approx(float(result[1]))  # scale cancels


def test_noise_is_uniform_up_to_three_tenths_on_background_alone() -> None:
    seen: list[Tensor] = []

    def codes(x: Tensor) -> Tensor:
        seen.append(x)
        return x.flatten(1).sum(1, keepdim=True)

    images = bars()
    pairs = pairs_of(codes(images))
    seen.clear()
    latent_sensitivity(codes, pairs, images, seed=0)
    clean, *noised = seen
    assert len(noised) == background_sensitivity.DRAWS
    for picture in noised:
        added = (picture - clean)[picture != clean]
        assert added.min() > 0
        assert 0.28 < added.max() < 0.3
        assert added.mean() == pytest.approx(0.15, abs=0.01)
        assert bool(((picture == clean) | (clean == 0)).all())


def test_agrees_with_a_slow_loop_on_its_own_noise() -> None:
    """A linear latent without a threshold inside the noise's reach: E|w . n| by 400 fresh draws."""
    images = bars()
    generator = torch.Generator().manual_seed(3)
    weights = torch.rand(SIDE**2, 3, generator=generator)

    def codes(x: Tensor) -> Tensor:
        return x.flatten(1) @ weights

    z = codes(images).double()
    expected = []
    for j in range(3):
        top = z[:, j].argsort(descending=True, stable=True)[:32]
        change = 0.0
        for i in top.tolist():
            outside = torch.tensor(~binary_dilation(images[i].numpy() >= 0.5)).flatten()
            noise = 0.3 * torch.rand(400, SIDE**2, generator=generator)
            change += float(((noise * outside) @ weights[:, j]).abs().mean())
        expected.append(change / float(z[top, j].sum()))
    np.testing.assert_allclose(measured(codes, images).numpy(), expected, rtol=0.02)


def test_permuting_latents_and_the_batch_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = torch.randn(SIDE**2, 5, generator=torch.Generator().manual_seed(1))

    def codes(x: Tensor) -> Tensor:
        return (x.flatten(1) @ weights).relu()

    order = torch.tensor([4, 2, 0, 1, 3])
    plain = measured(codes, bars())
    torch.testing.assert_close(measured(lambda x: codes(x)[:, order], bars()), plain[order])
    monkeypatch.setattr(background_sensitivity, "in_batches", partial(in_batches, size=7))
    torch.testing.assert_close(measured(codes, bars()), plain)


def test_without_a_latent_the_value_is_that_of_a_useless_one() -> None:
    images = bars()
    assert sensitivity(lambda x: x.flatten(1), pairs_of(torch.zeros(40, 4)), images, 0) == 1


def untrained(x: Tensor) -> Tensor:
    weights = torch.randn(SIDE**2, 32, generator=torch.Generator().manual_seed(6))
    return (x.flatten(1) @ weights).relu()


def test_the_untrained_network_reads_the_background_at_every_density() -> None:
    images = bars(200) * (0.5 + 0.5 * torch.rand(200, 1, 1, generator=torch.Generator().manual_seed(2)))
    curve = background_sensitivity.untrained_sensitivity(untrained, images, 0)
    assert len(curve) == len(firing_grid(200))
    assert bool((curve > 0.1).all())
    # One that fires seldom has a high threshold, and noise silences it or doubles it.
    assert curve[0] > 2 * curve[-1]


def test_the_untrained_reference_fires_as_often_as_the_latent() -> None:
    """At each count of the grid: the same directions as latents of a model, thresholded by sorting."""
    images = bars(200) * (0.5 + 0.5 * torch.rand(200, 1, 1, generator=torch.Generator().manual_seed(2)))
    directions, _ = untrained_pairs(untrained, images, 0)
    curve = background_sensitivity.untrained_sensitivity(untrained, images, 0)
    projected = directions(images)
    for count, expected in zip(firing_grid(200).tolist(), curve.tolist(), strict=True):
        threshold = projected.sort(dim=0, descending=True).values[min(count, 199)]
        codes = partial(lambda t, x: (directions(x) - t).relu(), threshold)
        pairs = pairs_of(codes(images))
        assert set((codes(images) > 0).sum(dim=0).tolist()) == {min(count, 199)}
        # Noise is drawn for the pictures that occur, here others than above.
        assert sensitivity(codes, pairs, images, 0) == pytest.approx(expected, rel=0.2)

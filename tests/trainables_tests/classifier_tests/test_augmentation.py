"""Noise off the strokes."""

from __future__ import annotations

import pytest
import torch

from trainables.classifier.augmentation import randomised_background
from trainables.data.stroke_mask import stroke_mask
from trainables.seeds import generator

IMAGES = torch.rand(200, 8, 8, generator=generator(0)) ** 3
MASK = stroke_mask(IMAGES)


def test_strokes_stay_and_the_rest_is_uniform_noise() -> None:
    made = randomised_background(IMAGES, MASK, 0.3, generator(1))
    assert torch.equal(made[MASK], IMAGES[MASK])
    noise = made[~MASK]
    assert noise.min() >= 0
    assert noise.max() <= 0.3
    assert noise.mean().item() == pytest.approx(0.15, abs=0.005)
    assert noise.var().item() == pytest.approx(0.3**2 / 12, rel=0.05)


def test_the_old_background_leaves_no_trace() -> None:
    mixed = torch.where(MASK, IMAGES, 1 - IMAGES)
    one, other = (randomised_background(images, MASK, 0.3, generator(1)) for images in (IMAGES, mixed))
    assert torch.equal(one, other)


def test_draws_come_from_the_generator_alone() -> None:
    before = torch.get_rng_state()
    one, same, other = (randomised_background(IMAGES, MASK, 0.3, generator(seed)) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)

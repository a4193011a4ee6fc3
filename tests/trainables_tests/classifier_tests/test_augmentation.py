"""Noise off the strokes, movements, holes and foreign ink."""

from __future__ import annotations

import pytest
import torch

from trainables.classifier.augmentation import (
    augmented,
    changes,
    is_augmented,
    random_rectangles,
    randomised_background,
)
from trainables.data.stroke_mask import stroke_mask
from trainables.seeds import generator
from trainables.settings.classifier import ClassifierTrainingConfig

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


def settings(**fields: float) -> ClassifierTrainingConfig:
    return ClassifierTrainingConfig(**fields)  # type: ignore[arg-type]


def test_nothing_is_on_by_default() -> None:
    assert not changes(settings())
    assert torch.equal(augmented(IMAGES, settings(), generator(0)), IMAGES)


@pytest.mark.parametrize("name", ["shift", "rotation", "scale", "elastic", "erasing", "foreign_ink"])
def test_each_setting_changes_images_and_keeps_them_images(name: str) -> None:
    images = torch.zeros(50, 28, 28)
    images[:, 10:17, 12:15] = 1.0
    config = settings(**{name: 30.0 if name == "rotation" else 0.2})
    assert changes(config)
    one, same, other = (augmented(images, config, generator(seed)) for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert not torch.equal(one, images)
    assert one.min() >= 0
    assert one.max() <= 1


def test_a_shift_goes_as_far_as_it_says() -> None:
    images = torch.zeros(400, 28, 28)
    images[:, 14, 14] = 1.0
    made = augmented(images, settings(shift=0.1), generator(0))
    rows = (made.sum(2) * torch.arange(28)).sum(1) / made.sum((1, 2))
    assert (rows - 14).abs().max() <= 2.8 + 1e-4
    assert (rows - 14).abs().max() > 2.5


def test_holes_are_black_rectangles_of_the_asked_size() -> None:
    holes = random_rectangles(torch.Size([2000, 28, 28]), 0.3, generator(0), torch.device("cpu"))
    area = holes.float().mean(dim=(1, 2))
    assert area.max() < 0.35
    assert area.mean().item() == pytest.approx(0.15, abs=0.01)
    rows, columns = holes.any(2), holes.any(1)
    assert torch.equal(holes, rows[:, :, None] & columns[:, None, :])
    assert torch.equal(augmented(torch.ones(2000, 28, 28), settings(erasing=0.3), generator(0)) == 0, holes)


def test_foreign_ink_comes_to_the_asked_share() -> None:
    images = torch.zeros(3000, 28, 28)
    images[:, 10:17, 12:15] = 1.0
    touched = [
        (augmented(images, settings(foreign_ink=share), generator(0)) != images)
        .flatten(1)
        .any(1)
        .float()
        .mean()
        for share in (0.25, 1.0)
    ]
    assert touched[0] / touched[1] == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_augmented_batches_lie_evenly(share: float) -> None:
    taken = [is_augmented(step, share) for step in range(100)]
    assert sum(taken) == round(100 * share)
    assert all(abs(sum(taken[:n]) - share * n) <= 1 for n in range(100))

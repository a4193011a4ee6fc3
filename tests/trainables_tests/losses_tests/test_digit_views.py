"""Augmented digits against torchvision's transforms, which take one image at a time."""

from __future__ import annotations

import math

import pytest
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as transforms

from trainables.data.dataset import load_dataset, to_tensors
from trainables.data.stroke_mask import stroke_mask
from trainables.losses.digit_views import BACKGROUND, affine_grid, digit_view, sampled
from trainables.seeds import generator

SHAPES = [(8, 8), (28, 28), (20, 28)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_each_image_moves_as_torchvision_would_move_it(shape: tuple[int, int]) -> None:
    images = torch.rand(3, *shape, generator=generator(0))
    degrees, scales = [10.0, -25.0, 0.0], [1.1, 0.9, 1.0]
    shifts = [(1.0, -2.0), (0.0, 3.0), (0.0, 0.0)]  # pixels to the right and down
    half_sides = torch.tensor([[2 * x / shape[1], 2 * y / shape[0]] for x, y in shifts])
    grid = affine_grid(
        torch.tensor(degrees) * math.pi / 180, torch.tensor(scales), half_sides, images.shape[1:]
    )
    found = sampled(images, grid)
    for image, angle, scale, shift, moved in zip(images, degrees, scales, shifts, found, strict=True):
        expected = transforms.affine(
            image[None], angle, list(shift), scale, [0.0, 0.0], InterpolationMode.BILINEAR
        )[0]
        torch.testing.assert_close(moved, expected, rtol=0, atol=1e-4)
    torch.testing.assert_close(found[2], images[2], rtol=0, atol=1e-6)


def test_views_follow_from_their_generator_alone() -> None:
    images = torch.rand(4, 28, 28, generator=generator(0))
    mask, before = stroke_mask(images), torch.get_rng_state()
    one, same, other = (digit_view(images, mask, generator(seed)) for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_every_image_gets_its_own_change() -> None:
    image = torch.rand(1, 28, 28, generator=generator(0))
    views = digit_view(image.expand(6, 28, 28), stroke_mask(image).expand(6, 28, 28), generator(0))
    assert len(views.unique(dim=0)) == 6


@pytest.mark.parametrize("side", [4, 8, 28])
def test_a_view_is_an_image_with_noise_off_the_strokes(side: int) -> None:
    images = torch.zeros(50, side, side)
    views = digit_view(images, stroke_mask(images), generator(0))
    assert 0 <= views.min() < 0.1 * BACKGROUND
    assert 0.9 * BACKGROUND < views.max() <= BACKGROUND
    bright = digit_view(torch.ones(50, side, side), torch.ones(50, side, side).bool(), generator(0))
    assert bright.max() <= 1 + 1e-6


def test_a_digit_stays_itself_and_is_not_mirrored() -> None:
    data = to_tensors(load_dataset("digits", limit=100)).train
    views = digit_view(data.images, stroke_mask(data.images), generator(0))

    def likeness(other: torch.Tensor) -> float:
        return float(torch.nn.functional.cosine_similarity(views.flatten(1), other.flatten(1)).mean())

    assert likeness(data.images) > max(0.85, likeness(data.images.flip(2)), likeness(data.images.flip(1)))

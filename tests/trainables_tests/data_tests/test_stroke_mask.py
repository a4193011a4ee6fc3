"""The stroke mask against a drawing made by hand and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from trainables.data.dataset import load_dataset
from trainables.data.stroke_mask import stroke_mask
from trainables.seeds import generator


def drawn(*rows: str) -> torch.Tensor:
    return torch.tensor([[character == "#" for character in row] for row in rows])


def test_known_by_hand() -> None:
    image = torch.zeros(1, 5, 6)
    image[0, 2, 1] = 0.8
    image[0, 0, 5] = 0.4  # exactly half of the maximum belongs to the strokes
    image[0, 4, 5] = 0.39
    by_radius = [
        drawn(".....#", "......", ".#....", "......", "......"),
        drawn("....##", ".#...#", "###...", ".#....", "......"),
        drawn(".#.###", "###.##", "####.#", "###...", ".#...."),
    ]
    for radius, expected in enumerate(by_radius):
        assert torch.equal(stroke_mask(image, radius)[0], expected), radius


@pytest.mark.parametrize("radius", [0, 1, 2, 5])
@pytest.mark.parametrize("shape", [(40, 8, 8), (10, 28, 28), (5, 3, 9), (3, 1, 1)])
def test_agrees_with_scipy(shape: tuple[int, int, int], radius: int) -> None:
    # The fourth power leaves few pixels above half the maximum.
    images = torch.rand(shape, generator=generator(0)) ** 4
    assert_as_scipy(images, radius)


def test_agrees_with_scipy_on_digits() -> None:
    assert_as_scipy(torch.tensor(load_dataset("digits", limit=200).train.images), radius=1)


def assert_as_scipy(images: torch.Tensor, radius: int) -> None:
    for image, mask in zip(images.numpy(), stroke_mask(images, radius).numpy(), strict=True):
        bright = image >= 0.5 * image.max()
        # scipy takes 0 iterations for "until nothing changes".
        expected = ndimage.binary_dilation(bright, iterations=radius) if radius else bright
        np.testing.assert_array_equal(mask, expected)


def test_a_black_image_has_no_strokes_and_a_white_one_nothing_else() -> None:
    images = torch.stack([torch.zeros(8, 8), torch.ones(8, 8)])
    assert not stroke_mask(images)[0].any()
    assert stroke_mask(images)[1].all()


def test_each_image_has_its_own_maximum() -> None:
    image = torch.rand(1, 8, 8, generator=generator(1))
    both = stroke_mask(torch.cat([image, 0.01 * image]))
    assert torch.equal(both[0], both[1])


@pytest.mark.parametrize(("images", "radius"), [(torch.zeros(8), 1), (torch.zeros(1, 8, 8), -1)])
def test_refuses_what_has_no_meaning(images: torch.Tensor, radius: int) -> None:
    with pytest.raises(ValueError):
        stroke_mask(images, radius)

"""Every front end against its formula or another library's, and what black leaves of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch.nn import functional

from trainables import registry
from trainables.networks.front_ends.convolution import BiasFreeConvolution, Convolution
from trainables.networks.front_ends.fixed_banks import GaborBank, SobelBank, gabor_filters
from trainables.networks.front_ends.front_end import FrontEnd
from trainables.networks.front_ends.locally_connected import LocallyConnected
from trainables.seeds import generator

SHAPES = [(8, 8), (28, 28), (7, 10), (1, 1)]
LEARNED = {"conv": Convolution, "conv_free": BiasFreeConvolution, "locally_connected": LocallyConnected}


def build(name: str, shape: tuple[int, int], seed: int = 0) -> FrontEnd:
    front_end: FrontEnd = registry.FRONT_ENDS[name](shape, 3, generator(seed))
    return front_end


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", registry.FRONT_ENDS)
def test_features_are_as_many_as_promised_and_never_negative(name: str, shape: tuple[int, int]) -> None:
    front_end = build(name, shape)
    features = front_end(torch.rand(4, *shape, generator=generator(1)))
    assert features.shape == (4, front_end.n_features)
    assert features.min() >= 0


@pytest.mark.parametrize("name", ["none", "gabor", "sobel", "conv_free"])
def test_without_bias_black_is_silence_and_light_only_scales(name: str) -> None:
    front_end = build(name, (28, 28))
    images = torch.rand(4, 28, 28, generator=generator(1))
    assert not front_end(torch.zeros_like(images)).any()
    torch.testing.assert_close(front_end(0.25 * images), 0.25 * front_end(images))


def test_the_sobel_bank_is_scipy_s_sobel_filter() -> None:
    image = torch.rand(8, 8, generator=generator(1), dtype=torch.float64)
    expected = [ndimage.sobel(image.numpy(), axis=axis, mode="constant") / math.sqrt(12) for axis in (1, 0)]
    responses = torch.tensor(np.stack([*expected, *(-e for e in expected)])).clamp(min=0)
    pooled = responses.reshape(4, 4, 2, 4, 2).mean(dim=(2, 4))
    found = SobelBank((8, 8), 1, generator(0)).double()(image[None])
    torch.testing.assert_close(found, pooled.flatten()[None], rtol=1e-6, atol=1e-6)


def test_gabor_filters_prefer_gratings_of_their_own_orientation() -> None:
    bank = GaborBank((28, 28), 1, generator(0))
    steps = torch.arange(28.0)
    energies = []
    for orientation in range(4):
        theta = math.pi * orientation / 4
        along = steps[None, :] * math.cos(theta) + steps[:, None] * math.sin(theta)
        grating = 0.5 + 0.5 * (2 * math.pi * along / 6).cos()
        # (sign, orientation, phase, place, place), without the border.
        maps = bank(grating[None]).reshape(2, 4, 2, 14, 14)[..., 3:-3, 3:-3]
        energies.append(maps.sum(dim=(0, 2, 3, 4)))
    responses = torch.stack(energies)
    assert responses.argmax(dim=1).tolist() == [0, 1, 2, 3]
    assert (responses.diagonal() > 2 * (responses.sum(dim=1) - responses.diagonal()) / 3).all()


def test_banks_are_of_mean_0_norm_1_and_the_odd_filters_odd() -> None:
    filters = GaborBank((8, 8), 1, generator(0)).filters
    torch.testing.assert_close(filters.sum(dim=(1, 2)), torch.zeros(8), rtol=0, atol=1e-6)
    torch.testing.assert_close(filters.square().sum(dim=(1, 2)), torch.ones(8))
    flipped = gabor_filters().flip(1, 2)
    torch.testing.assert_close(flipped[::2], gabor_filters()[::2])
    torch.testing.assert_close(flipped[1::2], -gabor_filters()[1::2])


@pytest.mark.parametrize("shape", [(8, 8), (7, 10)], ids=str)
def test_locally_connected_with_equal_weights_is_a_convolution(shape: tuple[int, int]) -> None:
    layer = LocallyConnected(shape, 3, generator(0))
    with torch.no_grad():
        layer.weight.copy_(layer.weight[:1].expand_as(layer.weight).clone())
        layer.bias.copy_(torch.tensor([[0.1], [0.0], [-0.1]]).expand_as(layer.bias))
    images = torch.rand(4, *shape, generator=generator(1))
    filters = layer.weight[0].reshape(3, 1, 5, 5)
    expected = functional.conv2d(images[:, None], filters, layer.bias[:, 0], stride=2, padding=2).relu()
    torch.testing.assert_close(layer(images), expected.flatten(1))


def test_locally_connected_places_have_weights_of_their_own() -> None:
    layer = LocallyConnected((8, 8), 3, generator(0))
    assert len(layer.weight.flatten(1).unique(dim=0)) == 16


def test_zeroed_pixels_are_not_read() -> None:
    layer = LocallyConnected((8, 8), 3, generator(0))
    pixels = torch.rand(8, 8, generator=generator(1)) < 0.3
    zeros_before = int((layer.weight == 0).sum())
    layer.zero_pixels(pixels)
    images = torch.rand(4, 8, 8, generator=generator(2))
    torch.testing.assert_close(layer(images), layer(images * ~pixels))
    assert int((layer.weight == 0).sum()) > zeros_before
    layer.zero_pixels(torch.zeros(8, 8, dtype=torch.bool))
    assert (layer(images) > 0).any()


@pytest.mark.parametrize("name", ["gabor", "sobel", "conv", "conv_free"])
def test_shared_weights_cannot_leave_out_a_pixel(name: str) -> None:
    with pytest.raises(ValueError, match="every pixel by the same weights"):
        build(name, (8, 8)).zero_pixels(torch.ones(8, 8, dtype=torch.bool))

"""Zero has no colour, opposite values have opposite hues, and nothing in the data can break a picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from trainables.pictures.colour import grey, limit_of, overlay, signed


def lightness(colours: np.ndarray) -> np.ndarray:
    """Relative luminance of sRGB, Rec. 709."""
    linear = (colours / 255) ** 2.2
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]))


def test_zero_is_paper_and_the_ends_are_blue_and_orange() -> None:
    low, zero, high = signed(np.array([[-1.0, 0.0, 1.0]]), 1.0)[0].astype(int)
    assert np.ptp(zero) <= 5
    assert zero.min() > 240
    assert low.argmax() == 2
    assert high.argmax() == 0
    assert (low[2] - low[0]) > 100 < (high[0] - high[2])


def test_the_scale_is_symmetric_in_lightness_and_falls_towards_both_ends() -> None:
    ramp = lightness(signed(np.linspace(-1, 1, 61)[None], 1.0)[0])
    assert (np.diff(ramp[:31]) > 0).all()
    assert (np.diff(ramp[30:]) < 0).all()
    assert np.abs(ramp - ramp[::-1]).max() < 0.04


def test_without_green_and_red_cones_the_ends_still_differ() -> None:
    """Deuteranopia by Machado et al. 2009, severity 1, in linear light."""
    simulate = np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    )
    half = signed(np.array([[-0.5, 0.5]]), 1.0)[0] / 255
    seen = (half**2.2) @ simulate.T
    assert np.abs(seen[0] - seen[1]).max() > 0.3


def test_nothing_finite_or_not_breaks_a_picture() -> None:
    odd = np.array([[np.nan, np.inf, -np.inf, 1e300]])
    blue_paper_orange = signed(np.array([[-1.0, 0.0, 1.0]]), 1.0)[0]
    assert np.array_equal(signed(odd, 1.0)[0], blue_paper_orange[[1, 2, 0, 2]])
    for limit in (0.0, -1.0, float("nan")):
        assert np.array_equal(signed(odd, limit)[0], blue_paper_orange[[1, 1, 1, 1]])
    assert limit_of(odd) == 1e300
    assert limit_of(np.array([np.nan])) == 0.0
    assert limit_of(np.zeros((0, 8, 8))) == 0.0
    assert grey(odd).tolist() == [[0, 255, 0, 255]]
    assert signed(np.array([[1e-40]]), 1e-40)[0, 0].tolist() == blue_paper_orange[2].tolist()


def test_grey_keeps_black_and_white_and_takes_tensors() -> None:
    assert grey(torch.tensor([[0.0, 0.5, 1.0]])).tolist() == [[0, 128, 255]]


def test_an_overlay_without_attribution_is_a_pale_digit_and_without_a_digit_the_signed_map() -> None:
    digit = np.array([[0.0, 1.0]])
    pale = overlay(digit, np.zeros((1, 2)), 1.0)[0].astype(int)
    assert pale[0].min() > 240
    assert 100 < pale[1].mean() < 180
    assert np.ptp(pale[1]) <= 5
    alone = overlay(np.zeros((1, 3)), np.array([[-1.0, 0.0, 1.0]]), 1.0)
    assert np.array_equal(alone, signed(np.array([[-1.0, 0.0, 1.0]]), 1.0))


def test_overlays_fit_a_palette() -> None:
    rng = np.random.default_rng(0)
    colours = overlay(rng.random((9, 28, 28)), rng.normal(size=(9, 28, 28)), 2.0).reshape(-1, 3)
    assert len(np.unique(colours, axis=0)) <= 256


@pytest.mark.parametrize("shape", [(3, 8, 8), (28, 28), (2, 4, 8, 8)])
def test_shapes(shape: tuple[int, ...]) -> None:
    values = np.zeros(shape)
    assert grey(values).shape == shape
    assert signed(values, 1.0).shape == overlay(values, values, 1.0).shape == (*shape, 3)
    assert signed(values, 1.0).dtype == grey(values).dtype == np.uint8

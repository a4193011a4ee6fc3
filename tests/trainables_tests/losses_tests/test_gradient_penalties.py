"""Penalties on input gradients against Jacobians computed one output at a time."""

from __future__ import annotations

import pytest
import torch

from tests.trainables_tests.losses_tests.small_batches import IMAGES, batch, mlp
from trainables.data.stroke_mask import stroke_mask
from trainables.losses.input_gradient import NOISE
from trainables.losses.junk_penalty import junk_penalty_absolute
from trainables.losses.right_reasons import right_for_the_right_reasons
from trainables.seeds import generator


def noised() -> torch.Tensor:
    """The images as a batch's generator, used once, makes them."""
    return IMAGES + NOISE * torch.rand(IMAGES.shape, generator=generator(3), dtype=torch.float64)


def test_absolute_junk_is_the_jacobian_outside_the_strokes() -> None:
    network, mask = mlp(), stroke_mask(IMAGES)
    expected = 0.0
    for image, inside in zip(noised(), mask, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda x: network.hidden(x[None])[0], image)
        expected += float((jacobian.square() * ~inside).sum()) / 6 / len(IMAGES)
    draws = [junk_penalty_absolute(batch(network, seed=seed)).item() for seed in range(400)]
    # An average over random signs and noise; 400 draws of 12 images leave about 1 %.
    assert sum(draws) / len(draws) == pytest.approx(expected, rel=0.03)


def test_absolute_junk_grows_with_the_square_of_the_weights() -> None:
    network = mlp()
    before = junk_penalty_absolute(batch(network)).item()
    with torch.no_grad():
        network.pixel_weights().mul_(3)
    assert junk_penalty_absolute(batch(network)).item() == pytest.approx(9 * before)


def test_right_reasons_is_the_gradient_of_the_log_probabilities() -> None:
    network, mask = mlp(), stroke_mask(IMAGES)
    expected = 0.0
    for image, inside in zip(noised(), mask, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda x: network(x[None])[0].log_softmax(0), image)
        expected += float((jacobian.sum(dim=0) * ~inside).square().sum()) / len(IMAGES)
    assert right_for_the_right_reasons(batch(network)).item() == pytest.approx(expected, rel=1e-9)


def test_who_reads_only_strokes_pays_nothing() -> None:
    network = mlp()
    same = IMAGES[:1].expand(5, 8, 8)
    network.zero_pixels(~stroke_mask(IMAGES[:1])[0])
    assert junk_penalty_absolute(batch(network, same)).item() == 0
    assert right_for_the_right_reasons(batch(network, same)).item() == 0


def test_penalties_see_weights_that_exactly_black_would_hide() -> None:
    """At black pixels a bias-free unit without other input has no gradient; a little light shows it."""
    network, black = mlp(), torch.zeros(5, 8, 8, dtype=torch.float64)
    assert network.hidden(black).sum() == 0
    assert junk_penalty_absolute(batch(network, black)).item() > 0
    assert right_for_the_right_reasons(batch(network, black)).item() > 0

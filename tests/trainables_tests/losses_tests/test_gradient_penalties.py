"""Penalties on input gradients against Jacobians computed one output at a time."""

from __future__ import annotations

import math

import pytest
import torch

from tests.trainables_tests.losses_tests.small_batches import IMAGES, batch, mlp
from trainables.data.stroke_mask import stroke_mask
from trainables.edits.background_widths import MEASURED, NARROWEST, WIDEST, training_widths
from trainables.losses.input_gradient import NOISE, input_gradient
from trainables.losses.junk_penalty import junk_penalty, junk_penalty_absolute
from trainables.losses.right_reasons import right_for_the_right_reasons
from trainables.seeds import generator


def noised(widths: torch.Tensor | float = NOISE, seed: int = 3) -> torch.Tensor:
    """The images as a batch's generator, used once, makes them."""
    drawing = generator(seed)
    if isinstance(widths, torch.Tensor):
        torch.rand(widths.shape, generator=drawing, dtype=torch.float64)
    noise = torch.rand(IMAGES.shape, generator=drawing, dtype=torch.float64)
    return IMAGES + torch.where(stroke_mask(IMAGES), NOISE, widths) * noise


def test_absolute_junk_is_the_jacobian_outside_the_strokes() -> None:
    network, mask = mlp(), stroke_mask(IMAGES)
    expected = 0.0
    for seed in range(20):
        widths = training_widths(len(IMAGES), generator(seed), IMAGES)[:, None, None]
        for image, inside in zip(noised(widths, seed), mask, strict=True):
            jacobian = torch.autograd.functional.jacobian(lambda x: network.hidden(x[None])[0], image)
            expected += float((jacobian.square() * ~inside).sum()) / 6 / len(IMAGES) / 20
    draws = [junk_penalty_absolute(batch(network, seed=seed)).item() for seed in range(400)]
    # An average over random signs and noise; 20 draws of noise leave about 2 %.
    assert sum(draws) / len(draws) == pytest.approx(expected, rel=0.06)


def test_penalties_train_between_the_widths_that_junk_is_measured_at() -> None:
    widths = training_widths(20_000, generator(0), IMAGES)
    assert float(widths.min()) >= NARROWEST
    assert float(widths.max()) <= WIDEST
    step = math.log(MEASURED[1] / MEASURED[0])
    away = (widths.log()[:, None] - torch.tensor(MEASURED, dtype=torch.float64).log()).abs().amin(dim=1)
    assert float(away.min()) >= step / 4 - 1e-9
    # Log-uniform: each eighth of the logarithm holds as many, and both of its outer quarters.
    quarters = (32 * (widths / NARROWEST).log() / math.log(WIDEST / NARROWEST)).long().bincount(minlength=32)
    outer = quarters.reshape(8, 4)[:, [0, 3]]
    assert quarters.sum() == outer.sum() == 20_000
    assert float((outer / 1250 - 1).abs().max()) < 0.12


def test_a_threshold_above_faint_noise_hides_nothing() -> None:
    """Units that need more light than U[0, .05] brings read the background all the same."""
    network = mlp()
    with torch.no_grad():
        network.pixel_weights().abs_()
        network.layers[0].bias.fill_(-0.06 * float(network.pixel_weights().sum(dim=(1, 2)).max()))  # type: ignore[operator]
    black = torch.zeros(40, 8, 8, dtype=torch.float64)
    given = batch(network, black)
    silent = input_gradient(given, lambda x: network.hidden(x).sum())
    assert not silent.any()
    assert junk_penalty(given).item() > 0.2
    assert junk_penalty_absolute(given).item() > 0


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

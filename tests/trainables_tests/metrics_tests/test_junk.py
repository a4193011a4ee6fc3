"""Junk: latents whose reading is known by hand, a slow loop, and the traps of gradients at black pixels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_dilation

from trainables.data.stroke_mask import stroke_mask
from trainables.edits.background_widths import MEASURED
from trainables.metrics import junk
from trainables.metrics.latent_image_pairs import sample_latents

SIDE = 10


def bars(n: int = 60, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Images with one vertical bar; the class is the side, the exact column is the image's own."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 2
    column = torch.randint(0, SIDE // 2, (n,), generator=generator) + labels * (SIDE // 2)
    images = torch.zeros(n, SIDE, SIDE)
    images[torch.arange(n), 2:8, column] = (0.7 + 0.3 * torch.rand(n, generator=generator))[:, None]
    return images, labels


def linear(weights: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda x: x.flatten(1) @ weights.t()


def measure(
    latents: Callable[[torch.Tensor], torch.Tensor], f: int, z: torch.Tensor | None = None, seed: int = 0
) -> junk.Junk:
    images, labels = bars()
    codes = torch.rand(len(images), f, generator=torch.Generator().manual_seed(1)) + 0.1 if z is None else z
    return junk.latent_junk(latents, codes, (codes > 0).any(dim=0), images, labels, seed)


def test_reading_all_pixels_alike_is_exactly_chance() -> None:
    assert torch.equal(measure(linear(torch.ones(3, SIDE**2)), 3).junk, torch.ones(3, dtype=torch.float64))


def test_reading_only_strokes_is_no_junk_and_only_background_is_all() -> None:
    images, labels = bars()
    images, labels = images[:1].repeat(40, 1, 1), labels[:1].repeat(40)
    inside = stroke_mask(images[:1])[0].flatten().float()
    z = torch.ones(40, 2)
    result = junk.latent_junk(
        linear(torch.stack([inside, 1 - inside])), z, torch.ones(2, dtype=torch.bool), images, labels, 0
    )
    assert result.junk.tolist() == [0.0, pytest.approx(1 / (1 - float(inside.mean())))]


def test_agrees_with_a_slow_loop_and_scipys_dilation() -> None:
    images, labels = bars()
    generator = torch.Generator().manual_seed(7)
    weights = torch.randn(5, SIDE**2, generator=generator, dtype=torch.float64)
    z = torch.randn(len(images), 5, generator=generator).relu()
    z[:, 2] = 0
    z[4, 2] = 1.0
    expected = []
    for j in range(5):
        firing = sorted((i for i in range(len(images)) if z[i, j] > 0), key=lambda i: -float(z[i, j]))[:32]
        gradient = weights[j].abs().reshape(SIDE, SIDE).numpy()
        ratios = []
        for i in firing:
            picture = images[i].numpy()
            mask = binary_dilation(picture >= 0.5 * picture.max())
            ratios.append(gradient[~mask].sum() / gradient.sum() / (1 - mask.mean()))
        expected.append(np.mean(ratios))
    result = junk.latent_junk(
        linear(weights.float()), z, torch.ones(5, dtype=torch.bool), images, labels, seed=3
    )
    np.testing.assert_allclose(result.junk.numpy(), expected, rtol=1e-5)


def test_random_weights_are_at_chance() -> None:
    """64 latents of 100 independent weights, about 18 of them in the mask: s.d. of one junk about 0.1,
    of the mean about 0.012; four of them allowed."""
    weights = torch.randn(64, SIDE**2, generator=torch.Generator().manual_seed(2))
    assert abs(measure(linear(weights), 64).value() - 1) < 0.05


def test_a_bias_free_network_is_not_silent_at_exactly_black_pixels() -> None:
    """relu(x) per pixel has derivative 0 at black; just above black it reads everything alike."""

    def rectified(x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1).relu().sum(dim=1, keepdim=True)

    images, _ = bars()
    x = images[:1].clone().requires_grad_()
    (at_black,) = torch.autograd.grad(rectified(x).sum(), x)
    assert junk.outside_ratio(at_black, stroke_mask(images[:1])).item() == 0  # the trap
    assert measure(rectified, 1).value() == pytest.approx(1.0)


def test_the_noise_is_wide_off_the_strokes_and_narrow_on_them() -> None:
    """u = sum x^2 / 2 has gradient x + n: pixels show the mean noise, half of the mean width."""
    result = measure(lambda x: x.flatten(1).square().sum(dim=1, keepdim=True) / 2, 1)
    images, _ = bars()
    mask = stroke_mask(images).flatten(1)
    gradient = images.flatten(1) + torch.where(mask, 0.025, sum(MEASURED) / 16)
    share = (gradient * ~mask).sum(1) / gradient.sum(1)
    assert result.value() == pytest.approx(float((share / (1 - mask.double().mean(1))).mean()), rel=0.05)


def test_signs_are_averaged_before_the_absolute_value() -> None:
    """|x - 0.1| at black has gradient +1 or -1 by the draw; the mean of eight is smaller than 1."""
    images, labels = bars()
    images, labels = images[:1].repeat(40, 1, 1), labels[:1].repeat(40)
    mask = stroke_mask(images[:1])[0]
    inside = mask.flatten().float()

    def flickering(x: torch.Tensor) -> torch.Tensor:
        flat = x.flatten(1)
        return (flat * inside + (flat - 0.1).abs() * (1 - inside)).sum(dim=1, keepdim=True)

    result = junk.latent_junk(
        flickering, torch.ones(40, 1), torch.ones(1, dtype=torch.bool), images, labels, seed=0
    )
    n_in, n_out = float(inside.sum()), float((1 - inside).sum())
    up = [max(0.0, 1 - 0.1 / width) for width in MEASURED]
    size = 0.0
    for signs in itertools.product((1, -1), repeat=8):
        chance = math.prod(p if sign > 0 else 1 - p for sign, p in zip(signs, up, strict=True))
        size += chance * abs(sum(signs)) / 8
    share = size * n_out / (size * n_out + n_in)
    assert result.value() == pytest.approx(share / (1 - float(inside.mean())), rel=0.05)


def test_a_threshold_on_pixels_does_not_hide_what_is_read() -> None:
    """The same weights behind relu(x - 0.1): near black the gradient is 0, in wider noise it is not."""
    weights = torch.randn(16, SIDE**2, generator=torch.Generator().manual_seed(2))
    read = linear(weights)
    hidden = measure(lambda x: read((x - 0.1).relu()), 16).value()
    assert hidden > 0.4
    assert measure(read, 16).value() == pytest.approx(1, abs=0.1)


def test_a_silent_latent_is_at_chance_not_free_of_junk() -> None:
    result = measure(lambda x: x.flatten(1).sum(dim=1, keepdim=True) * 0, 1)
    assert result.value() == 1
    assert result.mean_specificity() == 0


def test_an_image_that_is_all_stroke_is_at_chance() -> None:
    full = torch.ones(1, 4, 4)
    assert junk.outside_ratio(full, torch.ones(1, 4, 4, dtype=torch.bool)).item() == 1


def test_without_a_latent_to_measure_the_null_is_reported() -> None:
    result = measure(linear(torch.ones(3, SIDE**2)), 3, z=torch.zeros(60, 3))
    assert (result.value(), result.mean_specificity(), result.measurable) == (1.0, 0.0, 0.0)


def test_latents_silent_on_val_or_dead_on_train_are_not_measured() -> None:
    images, labels = bars()
    z = torch.ones(60, 4)
    z[:, 1] = 0  # fires on train only
    alive = torch.tensor([True, True, True, False])  # the last fires on val only
    result = junk.latent_junk(linear(torch.ones(4, SIDE**2)), z, alive, images, labels, 0)
    assert len(result.junk) == 2
    assert result.measurable == 0.5


def test_permuting_and_rescaling_latents_changes_nothing() -> None:
    generator = torch.Generator().manual_seed(4)
    first = torch.randn(SIDE**2, 24, generator=generator)
    second = torch.randn(6, 24, generator=generator)
    z = torch.rand(60, 6, generator=generator)
    order = torch.randperm(6, generator=generator)
    scale = torch.tensor([0.25, 2.0, 4.0, 8.0, 0.5, 1.0])
    plain = measure(lambda x: (x.flatten(1) @ first).relu() @ second.t(), 6, z)
    changed = measure(
        lambda x: ((x.flatten(1) @ first).relu() @ second.t() * scale)[:, order], 6, (z * scale)[:, order]
    )
    torch.testing.assert_close(changed.junk, plain.junk[order], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(changed.far, plain.far[order], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(changed.specificity, plain.specificity[order], rtol=1e-5, atol=1e-6)


def test_the_batch_of_pairs_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = torch.randn(SIDE**2, 3, generator=torch.Generator().manual_seed(5))

    def latents(x: torch.Tensor) -> torch.Tensor:
        return (x.flatten(1) @ weights).square()

    plain = measure(latents, 3)
    monkeypatch.setattr(junk, "PAIRS", 7)
    torch.testing.assert_close(measure(latents, 3).junk, plain.junk, rtol=1e-6, atol=1e-8)


def test_specificity_tells_own_strokes_from_those_of_the_class() -> None:
    own = measure(lambda x: x.flatten(1).square().sum(dim=1, keepdim=True), 1).mean_specificity()
    left = torch.zeros(SIDE, SIDE)
    left[:, : SIDE // 2] = 1  # where class 0 may be, wherever this image is
    indifferent = measure(linear(left.reshape(1, -1)), 1).mean_specificity()
    # Neighbouring columns share most of their dilated masks, and the noise has a gradient of its own.
    assert own > 0.08
    assert abs(indifferent) < 0.1


def test_an_image_alone_in_its_class_is_its_own_partner() -> None:
    images, _ = bars(12)
    z = torch.ones(12, 1)
    result = junk.latent_junk(
        lambda x: x.flatten(1).square().sum(dim=1, keepdim=True),
        z,
        torch.ones(1, dtype=torch.bool),
        images,
        torch.arange(12),
        0,
    )
    assert result.mean_specificity() == 0


def test_at_most_64_latents_are_drawn_and_the_seed_decides() -> None:
    eligible = torch.arange(300) % 3 > 0
    chosen = sample_latents(eligible, seed=1)
    assert len(chosen) == 64
    assert bool(eligible[chosen].all())
    assert torch.equal(chosen, sample_latents(eligible, seed=1))
    assert not torch.equal(chosen, sample_latents(eligible, seed=2))


def test_untrained_network_is_at_chance() -> None:
    """64 random directions of 32 hidden units with independent weights: few, so twice that tolerance."""
    images, labels = bars()
    weights = torch.randn(SIDE**2, 32, generator=torch.Generator().manual_seed(6))
    result = junk.untrained_junk(lambda x: (x.flatten(1) @ weights).relu(), images, labels, seed=0)
    assert len(result.junk) == 64
    assert abs(result.value() - 1) < 0.1


def test_far_is_beyond_the_hull_and_space_between_strokes_is_not() -> None:
    """Two bars with a gap: a latent that reads the gap is all junk and no far junk, one that reads the border
    is both."""
    image = torch.zeros(SIDE, SIDE)
    image[2:8, 2] = image[2:8, 7] = 1
    images, labels = image.repeat(40, 1, 1), torch.zeros(40, dtype=torch.int64)
    gap, border = torch.zeros(2, SIDE, SIDE)
    gap[3:7, 4:6], border[:, 0] = 1, 1
    result = junk.latent_junk(
        linear(torch.stack([gap, border, torch.ones(SIDE, SIDE)]).flatten(1)),
        torch.ones(40, 3),
        torch.ones(3, dtype=torch.bool),
        images,
        labels,
        0,
    )
    # The mask grown by one spans rows 1 to 8 and columns 1 to 8; its hull lacks the four corners.
    outside = 1 - (64 - 4) / SIDE**2
    assert result.far.tolist() == pytest.approx([0.0, 1 / outside, 1.0])
    assert result.junk[0] > 1
    assert result.far_value() == pytest.approx(float(result.far.mean()))


def test_far_junk_of_random_weights_is_at_chance() -> None:
    """As above; about 40 of 100 pixels lie in the hull, so the mean varies by 0.02."""
    weights = torch.randn(64, SIDE**2, generator=torch.Generator().manual_seed(2))
    assert abs(measure(linear(weights), 64).far_value() - 1) < 0.08

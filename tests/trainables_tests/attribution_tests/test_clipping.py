"""Clipping variants: what they bound, and what they cost."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.trainables_tests.attribution_tests.reader import Reader, pictures
from trainables.attribution import settings
from trainables.attribution.clipping import clip_norms, clip_values, completeness_residual
from trainables.attribution.integrated_gradients import IntegratedGradients
from trainables.attribution.smooth_grad import SmoothGrad


def test_values_are_cut_at_numpys_quantile_and_keep_their_sign() -> None:
    maps = torch.randn(4, 8, 8, generator=torch.Generator().manual_seed(0))
    clipped = clip_values(maps, 0.9)
    for before, after in zip(maps.numpy(), clipped.numpy(), strict=True):
        limit = np.quantile(np.abs(before), 0.9)
        np.testing.assert_allclose(after, np.clip(before, -limit, limit), rtol=1e-5)
    assert torch.equal(clip_values(maps, 1.0), maps)


def test_no_draw_is_longer_than_the_median_and_short_ones_are_left() -> None:
    gradients = torch.randn(6, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    gradients[0] *= 1000
    gradients[1, 2] = 0
    norms = gradients.flatten(2).norm(dim=2)
    median = torch.tensor(np.median(norms.numpy(), axis=0))
    clipped = clip_norms(gradients)
    torch.testing.assert_close(clipped.flatten(2).norm(dim=2), norms.minimum(median))
    short = norms <= median
    assert torch.equal(clipped[short], gradients[short])


def test_one_wild_draw_does_not_rule_a_norm_clipped_mean() -> None:
    """A latent with a spike that one of 25 draws meets: clipping gives it the weight of one draw."""
    images, columns = pictures(1), torch.zeros(1, dtype=torch.int64)

    def spiked(x: torch.Tensor) -> torch.Tensor:
        flat = x.flatten(1)
        met = (flat[:, 0] > 0.2).float()
        return (flat.sum(1) + met * 1000 * flat[:, 5])[:, None]

    def share(clip: settings.Clip) -> float:
        chosen = settings.SmoothGradConfig(noise=0.15, draws=25, clip=clip)
        made = SmoothGrad(chosen, torch.zeros(1, 8, 8), torch.Generator().manual_seed(0))
        found = made(spiked, torch.zeros_like(images), columns).abs().flatten()
        return float(found[5] / found.sum())

    assert share("none") > 0.3
    assert share("norm") < 0.1


@pytest.mark.parametrize(("clip", "kept"), [("none", True), ("map", False), ("norm", False), ("step", False)])
def test_only_the_unclipped_path_is_complete(clip: settings.Clip, kept: bool) -> None:
    model, images, columns = Reader(), pictures(6), torch.arange(6) % 5
    method = IntegratedGradients(
        settings.IntegratedGradientsConfig(clip=clip, clip_quantile=0.8),
        images,
        torch.Generator().manual_seed(0),
    )
    with torch.no_grad():
        difference = (model(images) - model(method.baseline(images))).gather(1, columns[:, None])[:, 0]
    residual = completeness_residual(method(model, images, columns), difference)
    assert bool((residual < 1e-3).all()) == kept

"""Inversions drive their latent, and where hundreds of latents fire they are not driven to black."""

from __future__ import annotations

import pytest
import torch

from analysis.features.inverted import diverse, inverted, settings_at
from analysis.features.observed import observe
from tests.analysis_tests.features_tests.wired import wired, world
from trainables.inversion.image_prior import fit_image_prior
from trainables.inversion.settings import InversionConfig


def test_up_to_ten_firing_latents_the_usual_settings_hold() -> None:
    usual = InversionConfig()
    assert settings_at(0.0) == settings_at(8.0) == usual
    assert settings_at(200.0).off_target == pytest.approx(usual.off_target / 20)
    assert settings_at(200.0).prior == usual.prior


def test_the_image_lights_the_pixel_that_the_latent_reads() -> None:
    data = world()
    observed = observe(wired(), data.val)
    latents = torch.tensor([1, 3])
    z = observed.columns(latents)[1]
    prior = fit_image_prior(torch.tensor(data.train.images))
    settings = InversionConfig(jitter=0.0, rotation=0.0, zoom=0.0, steps=60)
    found = inverted(observed, latents, z, prior, settings, seed=0)
    for own, other, images in zip((1, 3), (3, 1), found, strict=True):
        codes = observed.model.encode(observed.model.hidden(images.images))[1]
        assert torch.allclose(images.activations, codes[:, own])
        assert (images.activations > 0.5).all()
        assert (codes[:, other] < 0.5 * codes[:, own]).all()


def test_the_purest_comes_first_then_the_least_alike_of_those_that_are_clean() -> None:
    spots = torch.zeros(6, 4, 4)
    for place, pixel in enumerate((0, 0, 3, 12, 15, 15)):
        spots[place].view(-1)[pixel] = 1.0
    spots[1, 1, 1] = 0.3  # almost the first again
    purity = torch.tensor([0.9, 0.85, 0.3, 0.5, 0.8, 0.8])
    chosen = diverse(spots, purity)
    assert chosen[0] == 0
    assert set(chosen) == {0, 1, 3, 4}, "2 is not clean, 5 is 4 again and comes after 1"
    assert chosen[-1] in (1, 5)
    assert diverse(spots[:1], purity[:1]) == [0]

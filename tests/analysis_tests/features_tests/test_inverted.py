"""Inversions drive their latent, and where hundreds of latents fire they are not driven to black."""

from __future__ import annotations

import pytest
import torch

from analysis.features.inverted import inverted, settings_at
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
    codes = observed.model.encode(observed.model.hidden(found.images))[1]
    assert torch.equal(found.activations, codes[[0, 1], latents])
    assert (found.activations > 0.5).all()
    assert (codes[0, 3] < 0.5 * codes[0, 1]) & (codes[1, 1] < 0.5 * codes[1, 3])

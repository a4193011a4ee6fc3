"""Spectra, transformations and the prior: what they are made of, against numpy, scipy and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from sklearn.decomposition import PCA

from tests.trainables_tests.inversion_tests.world import images
from trainables.inversion.fourier import DARK, FourierImages
from trainables.inversion.image_prior import fit_image_prior, total_variation
from trainables.inversion.settings import InversionConfig
from trainables.inversion.transformations import affine_maps, transformed


def test_images_are_dark_in_range_and_alike_for_all_latents() -> None:
    batch = FourierImages(3, 2, (10, 7), torch.Generator().manual_seed(0))
    x = batch.images()
    assert x.shape == (3, 2, 10, 7)
    assert torch.equal(x[0], x[2])
    assert not torch.equal(x[0, 0], x[0, 1])
    assert (x > 0).all()
    assert (x < 0.4).all()
    logits = x.double().logit() - DARK
    assert 0.01 < logits.std() < 0.3


def test_images_are_numpys_inverse_transform() -> None:
    batch = FourierImages(1, 1, (8, 8), torch.Generator().manual_seed(1))
    spectrum = batch.spectrum[0, 0].numpy()
    frequency = np.hypot(np.fft.fftfreq(8)[:, None], np.fft.rfftfreq(8)[None])
    scaled = (spectrum[..., 0] + 1j * spectrum[..., 1]) * 4 / np.maximum(frequency, 1 / 8)
    logits = np.fft.irfft2(scaled, s=(8, 8), norm="ortho") + DARK
    np.testing.assert_allclose(batch.images()[0, 0].numpy(), 1 / (1 + np.exp(-logits)), rtol=1e-4)


def test_no_transformation_is_none_and_a_shift_is_scipys() -> None:
    x = images(3, 0)[0]
    still = InversionConfig(jitter=0, rotation=0, zoom=0)
    maps = affine_maps(3, still, torch.Generator().manual_seed(0))
    torch.testing.assert_close(transformed(x, maps), x, atol=1e-5, rtol=0.0)
    maps[:, 0, 2] = 2 / 10 * 2  # two pixels to the right in the source
    expected = np.stack([ndimage.shift(picture, (0, -2), order=1, mode="constant") for picture in x.numpy()])
    np.testing.assert_allclose(transformed(x, maps).numpy(), expected, atol=1e-5)


def test_transformations_stay_within_their_limits() -> None:
    settings = InversionConfig(jitter=2, rotation=8, zoom=0.05)
    maps = affine_maps(500, settings, torch.Generator().manual_seed(0))
    angle = torch.atan2(maps[:, 1, 0], maps[:, 0, 0])
    zoom = 1 / maps[:, :, :2].det().sqrt()
    assert angle.abs().max() < math.radians(8) + 1e-6
    assert angle.abs().max() > math.radians(7)
    assert ((zoom - 1).abs() < 0.05 + 1e-5).all()
    assert maps[:, :, 2].abs().max() <= 2 * 2 / 28 + 1e-6


def test_the_plane_is_scikit_learns_and_units_make_the_data_1() -> None:
    x = images(150, 3)[0] + torch.rand(150, 10, 10, generator=torch.Generator().manual_seed(1)) / 2
    prior = fit_image_prior(x)
    pca = PCA(n_components=50, svd_solver="full").fit(x.flatten(1).numpy())
    ours, theirs = prior.directions.numpy(), pca.components_.T
    np.testing.assert_allclose(ours @ ours.T, theirs @ theirs.T, atol=1e-3)
    assert float(prior.residuals(x).mean()) == pytest.approx(1, rel=1e-4)
    assert float(prior.variations(x).median()) == pytest.approx(1, rel=1e-4)
    projected = pca.transform(x.flatten(1).numpy())
    distances = np.linalg.norm(projected[:, None] - projected[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert prior.neighbour_distance == pytest.approx(np.sort(distances.min(1))[(len(x) - 1) // 2], rel=1e-3)
    assert (prior.neighbour_ratios(x) < 0.02).all()  # an image of the data is its own neighbour


def test_data_within_its_plane_leaves_room_beside_it() -> None:
    x = images(150, 3)[0]
    prior = fit_image_prior(x)
    assert prior.residual == pytest.approx(
        0.05 * float(x.flatten(1).var(dim=0, correction=0).sum()), rel=1e-4
    )
    assert prior.residuals(x).max() < 0.1


def test_noise_is_far_and_rough() -> None:
    prior = fit_image_prior(images(150, 3)[0])
    noise = torch.rand(5, 10, 10, generator=torch.Generator().manual_seed(0))
    assert (prior.residuals(noise) > 4).all()
    assert (prior.variations(noise) > 2).all()
    assert (prior.neighbour_ratios(noise) > 2).all()


def test_total_variation_of_a_single_pixel_is_4() -> None:
    x = torch.zeros(1, 5, 5)
    x[0, 2, 2] = 1
    assert total_variation(x).tolist() == [4.0]


def test_data_without_variation_has_a_prior() -> None:
    prior = fit_image_prior(torch.full((6, 8, 8), 0.5))
    for values in (prior.residuals, prior.variations, prior.neighbour_ratios):
        assert bool(torch.isfinite(values(torch.rand(2, 8, 8))).all())

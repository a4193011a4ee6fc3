"""Templates of a network wired by hand are its wires; of any network, its finite differences."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.trainables_tests.model_tests.test_feature_model import build, config_of, images
from trainables.model.feature_model import FeatureModel
from trainables.pictures.decoder_pictures import decoder_directions, templates


def wired(side: int) -> FeatureModel:
    """Hidden unit k reads pixel k with weight k + 1; latent j writes unit j, and latent 12 on nothing."""
    model = build(config_of("mlp", "raw", "relu"), side).requires_grad_(False)
    layer = model.classifier.hidden_layer()
    layer.weight.zero_()
    layer.bias.fill_(0.1)
    for unit in range(12):
        layer.weight[unit, unit] = unit + 1.0
    model.sae.decoder.zero_()
    model.sae.decoder[:12] = 2.0 * torch.eye(12)
    return model


@pytest.mark.parametrize("side", [8, 28])
def test_a_template_is_the_pixel_that_the_direction_hangs_on(side: int) -> None:
    expected = torch.zeros(20, side * side)
    expected[torch.arange(12), torch.arange(12)] = torch.arange(1.0, 13.0)
    found = templates(wired(side), images(side))
    assert torch.allclose(found.flatten(1), expected, atol=1e-6)


def test_what_is_silent_on_half_of_the_images_counts_half() -> None:
    model = wired(8)
    model.classifier.hidden_layer().bias.zero_()
    x = torch.ones(4, 8, 8)
    x[:2] = -1.0  # below every threshold
    assert templates(model, x)[3].flatten()[3].item() == pytest.approx(2.0)


def differences(model: FeatureModel, x: Tensor, latent: int) -> Tensor:
    """The slow oracle, float64: central differences of the mean movement along one direction."""
    direction = decoder_directions(model)[latent].double()
    model = model.double()
    step, out = 1e-6, torch.zeros(x.shape[1:]).double()
    for row in range(x.shape[1]):
        for column in range(x.shape[2]):
            shift = torch.zeros(x.shape[1:]).double()
            shift[row, column] = step
            moved = model.hidden(x.double() + shift) - model.hidden(x.double() - shift)
            out[row, column] = (moved @ direction).mean() / (2 * step)
    return out


@pytest.mark.parametrize(
    ("classifier", "basis", "sae"), [("mlp", "whitened_pca", "topk"), ("conv", "ica", "relu")]
)
def test_templates_agree_with_differences(classifier: str, basis: str, sae: str) -> None:
    model, x = build(config_of(classifier, basis, sae), 8).requires_grad_(False), images(8, 16)
    found = templates(model, x)
    assert found.shape == (20, 8, 8)
    assert torch.allclose(found[7].double(), differences(model, x, 7), atol=1e-5)


def test_some_latents_are_the_same_as_among_all() -> None:
    model, x = build(config_of("mlp", "pca", "topk"), 8), images(8)
    chosen = torch.tensor([13, 2])
    # Few directions are pulled back one by one, many through the mean Jacobian.
    assert torch.allclose(templates(model, x, chosen), templates(model, x)[chosen], atol=1e-6)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_directions_are_unit_rows_of_the_raw_space_and_zero_rows_stay_zero() -> None:
    model = build(config_of("mlp", "whitened_pca", "relu"), 8).requires_grad_(False)
    model.sae.decoder[4] = 0
    found = decoder_directions(model)
    z = torch.zeros(1, 20)
    row = model.decode(z + F.one_hot(torch.tensor(5), 20)) - model.decode(z)
    assert torch.allclose(found[5], F.normalize(row, dim=1)[0], atol=1e-6)
    assert (found[4] == 0).all()
    assert (templates(model, images(8))[4] == 0).all()

"""Activation L1 and the junk penalty against what they stand for."""

from __future__ import annotations

import pytest
import torch

from trainables.data.stroke_mask import stroke_mask
from trainables.losses.activation_l1 import activation_l1
from trainables.losses.input_gradient import NOISE
from trainables.losses.junk_penalty import junk_penalty
from trainables.losses.training_batch import TrainingBatch
from trainables.networks.mlp import Mlp
from trainables.networks.network import Network, build_network
from trainables.seeds import generator
from trainables.settings.classifier import ClassifierTrainingConfig, ConvClassifierConfig, MlpClassifierConfig

NETWORKS: list[ClassifierTrainingConfig] = [
    MlpClassifierConfig(hidden_size=9, depth=2),
    ConvClassifierConfig(hidden_size=9, channels=2),
]
IMAGES = torch.rand(6, 8, 8, generator=generator(0), dtype=torch.float64) ** 3

# Four units of unequal strength: no choice of signs lets them cancel.
UNEQUAL = torch.tensor([1.0, 2.0, 4.0, 8.0], dtype=torch.float64)[:, None, None]


def batch(network: Network, images: torch.Tensor = IMAGES, mask: torch.Tensor | None = None) -> TrainingBatch:
    return TrainingBatch(
        network,
        images,
        network.hidden(images),
        torch.arange(len(images)) % 3,
        torch.arange(len(images)),
        stroke_mask(images) if mask is None else mask,
        generator(3, images.device),
    )


def double_network(config: ClassifierTrainingConfig) -> Network:
    return build_network(config, (8, 8), 10, generator(0)).double()


def test_activation_l1_is_the_mean_activation() -> None:
    network = double_network(NETWORKS[0])
    given = batch(network)
    assert activation_l1(given).item() == pytest.approx(given.hidden.detach().numpy().mean())


def one_layer(weights: torch.Tensor) -> Mlp:
    """A network whose units all fire, so that d h_j / d x is `weights[j]` (h, w) everywhere."""
    network = Mlp(MlpClassifierConfig(hidden_size=len(weights)), (8, 8), 10, generator(0)).double()
    with torch.no_grad():
        network.layers[0].weight.copy_(weights.flatten(1))  # type: ignore[operator]
        network.layers[0].bias.fill_(1e3)  # type: ignore[operator]
    return network


def test_junk_is_the_energy_outside_averaged_over_signs() -> None:
    weights = torch.randn(7, 8, 8, generator=generator(1), dtype=torch.float64)
    mask = stroke_mask(IMAGES[:1])
    energy = weights.square().sum(dim=0)
    expected = (energy * ~mask[0]).sum() / energy.sum()
    many = IMAGES[:1].expand(4000, 8, 8)
    found = junk_penalty(batch(one_layer(weights), many, mask.expand(4000, 8, 8)))
    # A mean of ratios, not the ratio of means: near it, for seven units.
    assert found.item() == pytest.approx(expected.item(), abs=0.02)


def test_junk_is_0_inside_1_outside_and_blind_to_the_scale() -> None:
    mask = stroke_mask(IMAGES[:1])
    inside = mask * UNEQUAL
    assert junk_penalty(batch(one_layer(inside), IMAGES[:1])).item() == 0
    assert junk_penalty(batch(one_layer(~mask * UNEQUAL), IMAGES[:1])).item() == pytest.approx(1)
    uniform = UNEQUAL.expand(4, 8, 8)
    chance = 1 - mask.double().mean().item()
    for scale in (1e-3, 1, 1e3):
        assert junk_penalty(batch(one_layer(scale * uniform), IMAGES[:1])).item() == pytest.approx(
            chance, rel=1e-6
        )


def test_junk_sees_units_that_wake_just_above_black() -> None:
    """A unit that is silent at exact black and fires on the faintest light outside is all junk."""
    black_but_one = torch.zeros(1, 8, 8, dtype=torch.float64)
    black_but_one[0, 0, 0] = 1
    mask = stroke_mask(black_but_one)
    network = one_layer(~mask * UNEQUAL)
    with torch.no_grad():
        network.layers[0].bias.zero_()  # type: ignore[operator]
    assert 0 < NOISE < 0.5
    assert junk_penalty(batch(network, black_but_one)).item() == pytest.approx(1)


def test_dead_units_and_black_images_are_harmless() -> None:
    network = one_layer(UNEQUAL.expand(4, 8, 8))
    with torch.no_grad():
        network.layers[0].bias.fill_(-1e3)  # type: ignore[operator]
    for images in (IMAGES, torch.zeros_like(IMAGES)):
        loss = junk_penalty(batch(network, images))
        loss.backward()
        assert loss.item() == 0
    assert all(p.grad is None or bool(p.grad.isfinite().all()) for p in network.parameters())


def test_same_generator_same_value() -> None:
    network = double_network(NETWORKS[0])
    assert junk_penalty(batch(network)).item() == junk_penalty(batch(network)).item()

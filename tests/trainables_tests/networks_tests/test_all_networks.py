"""What the rest relies on in every classifier, and each architecture against its formula."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from trainables.config import KINDS
from trainables.networks.conv import Conv
from trainables.networks.mlp import Mlp
from trainables.networks.network import Network, build_network
from trainables.seeds import generator
from trainables.settings.classifier import (
    BagClassifierConfig,
    ClassifierTrainingConfig,
    ConvClassifierConfig,
    MlpClassifierConfig,
    PartsClassifierConfig,
)
from trainables.settings.module_network import (
    CutNetworkConfig,
    ModuleClassifierConfig,
    TorchvisionClassifierConfig,
)

CONFIGS = [
    MlpClassifierConfig(hidden_size=12),
    MlpClassifierConfig(hidden_size=4, depth=3),
    ConvClassifierConfig(hidden_size=12, channels=3),
    ConvClassifierConfig(hidden_size=4, channels=1),
    PartsClassifierConfig(templates=5),
    PartsClassifierConfig(
        templates=3, template_size=4, stride=3, pool_size=2, pool_step=1, ink_threshold=0.1
    ),
    BagClassifierConfig(channels=6),
    BagClassifierConfig(channels=4, grid=2, pool="max", kwta=3),
    ModuleClassifierConfig(),
    TorchvisionClassifierConfig(),
]
SHAPES = [(8, 8), (28, 28), (7, 10), (1, 1)]


def build(config: ClassifierTrainingConfig, shape: tuple[int, int] = (8, 8), seed: int = 0) -> Network:
    return build_network(config, shape, 10, generator(seed))


def test_every_kind_is_tried_here() -> None:
    assert {type(config) for config in CONFIGS} == set(KINDS["classifier"].values())


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("config", CONFIGS, ids=repr)
def test_the_cut_at_the_hidden_layer(config: ClassifierTrainingConfig, shape: tuple[int, int]) -> None:
    network = build(config, shape)
    images = torch.rand(5, *shape, generator=generator(1))
    hidden = network.hidden(images)
    assert hidden.shape == (5, network.hidden_size)
    assert network.hidden_size == getattr(config, "hidden_size", network.hidden_size)
    assert network.readout_layer().weight.shape == (10, network.hidden_size)
    assert hidden.min() >= 0
    assert network.head(hidden).shape == (5, 10)
    assert torch.equal(network(images), network.head(hidden))


@pytest.mark.parametrize("config", CONFIGS, ids=repr)
def test_images_do_not_see_each_other(config: ClassifierTrainingConfig) -> None:
    network = build(config)
    images = torch.rand(5, 8, 8, generator=generator(1))
    alone = torch.cat([network(image[None]) for image in images])
    torch.testing.assert_close(network(images), alone)


@pytest.mark.parametrize("config", CONFIGS, ids=repr)
def test_weights_come_from_the_generator_alone(config: ClassifierTrainingConfig) -> None:
    before = torch.get_rng_state()
    first, again, other = build(config, seed=0), build(config, seed=0), build(config, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    for name, weight in first.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name])
        if name.endswith("weight") and weight.ndim > 1:  # a normalisation's begin at 1
            assert not torch.equal(weight, other.state_dict()[name])
        elif not isinstance(config, CutNetworkConfig):  # others draw their biases as they like
            assert weight.unique().numel() == 1


@pytest.mark.parametrize("config", CONFIGS, ids=repr)
def test_the_winners_of_every_kind_are_its_strongest_units(config: ClassifierTrainingConfig) -> None:
    images = torch.rand(5, 8, 8, generator=generator(1))
    every = build(config.model_copy(update={"kwta": 0})).hidden(images)
    kept = build(config.model_copy(update={"kwta": 2})).hidden(images)
    assert ((kept > 0).sum(1) <= 2).all()
    assert torch.equal(kept, torch.where(kept > 0, every, 0))
    torch.testing.assert_close(kept.sum(1), every.topk(2, dim=1).values.sum(1))


@pytest.mark.parametrize("config", CONFIGS, ids=repr)
def test_faint_light_is_black_to_every_kind_behind_an_ink_threshold(config: ClassifierTrainingConfig) -> None:
    network = build(config.model_copy(update={"ink_threshold": 0.2}))
    ink = (torch.rand(5, 8, 8, generator=generator(1)) > 0.7).float()
    faint = 0.19 * torch.rand(5, 8, 8, generator=generator(2))
    assert torch.equal(network.hidden(torch.maximum(ink, faint)), network.hidden(ink))
    plain = build(config.model_copy(update={"ink_threshold": 0.0}))
    torch.testing.assert_close(network.hidden(0.2 + 0.8 * ink * 0.5), plain.hidden(0.5 * ink))


def test_first_weights_keep_the_scale_of_the_activations() -> None:
    network = build(MlpClassifierConfig(hidden_size=512, depth=3), (28, 28))
    images = torch.rand(64, 28, 28, generator=generator(1))
    ratio = network.hidden(images).square().mean() / images.square().mean()
    assert 0.5 < ratio < 2


def test_mlp_is_its_formula() -> None:
    network = Mlp(MlpClassifierConfig(hidden_size=6, depth=2), (8, 8), 10, generator(0))
    images = torch.rand(5, 8, 8, generator=generator(1))
    weights = network.state_dict()
    first = (images.reshape(5, 64) @ weights["layers.0.weight"].T).clamp(min=0)
    second = (first @ weights["layers.1.weight"].T).clamp(min=0)
    torch.testing.assert_close(network.hidden(images), second)
    torch.testing.assert_close(network(images), second @ weights["readout.weight"].T)


def test_conv_is_its_formula() -> None:
    network = Conv(ConvClassifierConfig(hidden_size=6, channels=2), (8, 8), 10, generator(0))
    images = torch.rand(5, 8, 8, generator=generator(1))
    maps = images[:, None]
    for layer in (network.first, network.second):
        windows = functional.unfold(maps, 3, padding=1, stride=2)
        size = maps.shape[-1] // 2
        maps = (layer.weight.flatten(1) @ windows).clamp(min=0).reshape(5, -1, size, size)
    hidden = (maps.flatten(1) @ network.to_hidden.weight.T).clamp(min=0)
    torch.testing.assert_close(network.hidden(images), hidden)

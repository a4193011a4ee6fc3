"""What every network, front end and auxiliary loss of the tables keeps to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from trainables import registry
from trainables.classifier.objective import active_losses
from trainables.classifier.trainer import ClassifierTrainer
from trainables.config import KINDS, TrialConfig, built_in_rules
from trainables.data.dataset import ImageData, TensorSplit, load_dataset, to_tensors
from trainables.data.stroke_mask import stroke_mask
from trainables.losses.training_batch import LossSetup, TrainingBatch
from trainables.networks.network import Network, build_network
from trainables.seeds import generator
from trainables.settings.auxiliary import AuxiliaryConfig
from trainables.settings.classifier import ClassifierTrainingConfig, MlpClassifierConfig
from trainables.settings.rules import Rule

SIDES = [8, 28]
# What makes the kinds small, of those that have it.
SMALL = {"hidden_size": 9, "templates": 3, "grid": 2}
NETWORKS: list[ClassifierTrainingConfig] = [
    *(
        MlpClassifierConfig(hidden_size=9, front_end=name, front_end_channels=2)
        for name in registry.FRONT_ENDS
    ),  # type: ignore[arg-type]
    *(
        model(kwta=kwta, **{name: size for name, size in SMALL.items() if name in model.model_fields})
        for kind, model in KINDS["classifier"].items()
        if kind != "torchvision"  # `module` by another name, and large
        for kwta in (0, 3)
    ),
]
OFF = AuxiliaryConfig()
by_side = pytest.mark.parametrize("side", [8, pytest.param(28, marks=pytest.mark.slow)])
by_network = pytest.mark.parametrize(
    "config", NETWORKS, ids=lambda c: f"{c.kind}-{c.model_dump().get('front_end')}-{c.kwta}"
)
by_loss = pytest.mark.parametrize("name", registry.AUXILIARY_LOSSES)


def images_of(side: int) -> ImageData:
    """Digits, drawn larger where they are to be 28x28."""
    data = to_tensors(load_dataset("digits", limit=60))
    enlarged = [
        TensorSplit(
            functional.interpolate(part.images[:, None], (side, side), mode="bilinear")[:, 0], part.labels
        )
        for part in (data.train, data.val)
    ]
    return replace(data, train=enlarged[0], val=enlarged[1], image_shape=(side, side))


@pytest.fixture(scope="module")
def data() -> dict[int, ImageData]:
    return {side: images_of(side) for side in SIDES}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("concepts") / "table.npz"
    np.savez(path, concepts=np.random.default_rng(0).normal(size=(60, 3)))
    return path


def switched_on(names: list[str], table: Path) -> AuxiliaryConfig:
    """The smallest settings with these losses."""
    return AuxiliaryConfig.model_validate({"concept_table": str(table), **dict.fromkeys(names, 1.0)})


def is_possible(config: ClassifierTrainingConfig, auxiliary: AuxiliaryConfig) -> bool:
    """Whether the space check would let the two together."""
    trial = TrialConfig.model_validate(
        {"classifier": config.model_dump(), "auxiliary": auxiliary.model_dump()}
    )
    return all(_holds(rule, trial) for rule in built_in_rules())


def _holds(rule: Rule, trial: TrialConfig) -> bool:
    owners = [(getattr(trial, section), name) for section, name in (f.split(".") for f in rule.fields)]
    if not all(hasattr(owner, name) for owner, name in owners):
        return True
    return rule.holds(*(getattr(owner, name) for owner, name in owners))


def parts(
    name: str, config: ClassifierTrainingConfig, data: ImageData, table: Path
) -> tuple[Network, Callable[..., torch.Tensor], list[nn.Parameter]]:
    """Network and loss in float64, and what both learn."""
    network = build_network(config, data.image_shape, 10, generator(0)).double()
    auxiliary = switched_on([name], table)
    setup = LossSetup(auxiliary, data.train, network.hidden_size, generator(1))
    ((_, loss),) = active_losses(auxiliary, lambda _: setup).values()
    learned = list(network.parameters())
    if isinstance(loss, nn.Module):
        learned += list(loss.double().parameters())
    return network, loss, learned


def batch_of(network: Network, data: ImageData) -> TrainingBatch:
    """The same images, and the same draws, whenever it is asked for."""
    rows = torch.arange(0, 48, 2)
    images = data.train.images[rows].double()
    mask = stroke_mask(images)
    return TrainingBatch(
        network, images, network.hidden(images), data.train.labels[rows], rows, mask, generator(3)
    )


def possible_networks(name: str, table: Path) -> Iterator[ClassifierTrainingConfig]:
    found = [config for config in NETWORKS if is_possible(config, switched_on([name], table))]
    assert found
    yield from found


@by_side
@by_network
def test_a_few_steps_lower_the_cross_entropy(config: Any, side: int, data: dict[int, ImageData]) -> None:
    whole = config.model_copy(update={"batch_size": 8192})
    trainer = ClassifierTrainer(whole, OFF, data[side], seed=0)
    # More than one: where the winners change places, the first step may raise it.
    losses = [trainer.train_epoch() for _ in range(4)]
    assert losses[-1] < losses[0]


@by_side
@by_network
def test_network_and_all_losses_restored_equal_the_unbroken(
    config: ClassifierTrainingConfig, side: int, data: dict[int, ImageData], table: Path
) -> None:
    possible = [n for n in registry.AUXILIARY_LOSSES if is_possible(config, switched_on([n], table))]
    auxiliary = switched_on(possible, table)
    noisy = config.model_copy(update={"background_noise": 0.2, "batch_size": 24, "first_layer_decay": 1e-3})
    before = torch.get_rng_state()
    unbroken = ClassifierTrainer(noisy, auxiliary, data[side], seed=5)
    unbroken.train_epoch()
    restored = ClassifierTrainer(noisy, auxiliary, data[side], seed=5)
    restored.load_state_tensors(unbroken.state_tensors())
    assert restored.train_epoch() == unbroken.train_epoch()
    one, other = restored.state_tensors(), unbroken.state_tensors()
    assert one.keys() == other.keys()
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())
    assert torch.equal(torch.get_rng_state(), before)


@by_side
@by_loss
def test_a_step_lowers_the_loss(name: str, side: int, data: dict[int, ImageData], table: Path) -> None:
    for config in possible_networks(name, table):
        network, loss, learned = parts(name, config, data[side], table)
        value = loss(batch_of(network, data[side]))
        gradients = torch.autograd.grad(value, learned, allow_unused=True)
        energy = sum(float(g.square().sum()) for g in gradients if g is not None)
        assert energy > 0
        lower = []
        # Where winners change places or a unit wakes up the loss jumps: a short enough step stays before it.
        for step in (1e-3, 1e-5, 1e-7):
            _descend(learned, gradients, step * float(value.detach()) / energy)
            lower.append(bool(0 <= loss(batch_of(network, data[side])) < value))
            _descend(learned, gradients, -step * float(value.detach()) / energy)
        assert any(lower), config


def _descend(learned: list[nn.Parameter], gradients: tuple[torch.Tensor | None, ...], step: float) -> None:
    with torch.no_grad():
        for parameter, gradient in zip(learned, gradients, strict=True):
            if gradient is not None:
                parameter -= step * gradient


@by_loss
def test_gradient_agrees_with_finite_differences(name: str, data: dict[int, ImageData], table: Path) -> None:
    for config in possible_networks(name, table):
        network, loss, learned = parts(name, config, data[8], table)
        gradients = torch.autograd.grad(loss(batch_of(network, data[8])), learned, allow_unused=True)
        # Biases are left out: at 0 they stand on the ReLU's kink wherever the image is black.
        moved = [(p, g) for p, g in zip(learned, gradients, strict=True) if g is not None and p.dim() > 1]
        directions = [torch.randn(p.shape, generator=generator(5), dtype=p.dtype) for p, _ in moved]
        expected = sum(float((g * d).sum()) for (_, g), d in zip(moved, directions, strict=True))
        # Everything is piecewise smooth in the weights: a small step stays within a piece.
        step, values = 1e-7, []
        for shift in (step, -2 * step):
            with torch.no_grad():
                for (parameter, _), direction in zip(moved, directions, strict=True):
                    parameter += shift * direction
            values.append(float(loss(batch_of(network, data[8])).detach()))
        scale = sum(float(g.square().sum()) for _, g in moved) ** 0.5
        assert scale > 0
        assert (values[0] - values[1]) / (2 * step) == pytest.approx(expected, rel=1e-4, abs=1e-4 * scale), (
            config
        )


@by_loss
def test_a_loss_is_off_unless_asked_for(name: str, table: Path) -> None:
    def refused(name: str) -> LossSetup:
        raise AssertionError(f"{name} was not asked for")

    assert AuxiliaryConfig.model_fields[name].default == 0
    assert active_losses(switched_on([], table), refused) == {}

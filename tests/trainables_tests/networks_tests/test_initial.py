"""First weights of dead pixels."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from trainables.classifier.trainer import ClassifierTrainer
from trainables.data.dataset import ImageData, TensorSplit, load_dataset, to_tensors
from trainables.networks.initial import dead_pixels, initial_network
from trainables.networks.network import build_network
from trainables.seeds import generator
from trainables.settings.auxiliary import AuxiliaryConfig
from trainables.settings.classifier import ConvClassifierConfig, MlpClassifierConfig


@pytest.fixture(scope="module")
def digits() -> ImageData:
    return to_tensors(load_dataset("digits", limit=300))


def test_a_pixel_is_dead_below_1_percent_of_the_images() -> None:
    images = torch.zeros(200, 1, 3)
    images[:2, 0, 1] = 0.01
    images[:1, 0, 2] = 1
    assert dead_pixels(images).tolist() == [[True, False, True]]


def test_dead_pixels_start_at_0_and_all_else_as_before(digits: ImageData) -> None:
    dead = dead_pixels(digits.train.images)
    assert 0 < dead.sum() < 32
    config = MlpClassifierConfig(hidden_size=16)
    plain = build_network(config, (8, 8), 10, generator(0))
    zeroed = initial_network(config.model_copy(update={"zero_dead_pixels": True}), digits, generator(0))
    expected = plain.pixel_weights() * ~dead
    assert torch.equal(zeroed.pixel_weights(), expected)
    assert torch.equal(zeroed.readout.weight, plain.readout.weight)  # type: ignore[union-attr]
    untouched = initial_network(config, digits, generator(0))
    assert torch.equal(untouched.pixel_weights(), plain.pixel_weights())


def test_never_inked_pixels_stay_at_0_through_training(digits: ImageData) -> None:
    config = MlpClassifierConfig(hidden_size=16, zero_dead_pixels=True, batch_size=32)
    trainer = ClassifierTrainer(config, AuxiliaryConfig(), digits, seed=0)
    for _ in range(3):
        trainer.train_epoch()
    never = (digits.train.images == 0).all(dim=0)
    assert never.any()
    assert not trainer.network.pixel_weights()[:, never].any()


def test_locally_connected_units_do_not_read_dead_pixels(digits: ImageData) -> None:
    config = MlpClassifierConfig(hidden_size=16, front_end="locally_connected", zero_dead_pixels=True)
    network = initial_network(config, digits, generator(0))
    lit = digits.val.images + 0.5 * dead_pixels(digits.train.images)
    torch.testing.assert_close(
        network.hidden(lit), network.hidden(digits.val.images * ~dead_pixels(digits.train.images))
    )


def test_weights_that_no_pixel_owns_cannot_be_zeroed(digits: ImageData) -> None:
    config = MlpClassifierConfig(hidden_size=16, front_end="gabor", zero_dead_pixels=True)
    with pytest.raises(ValueError, match="GaborBank reads every pixel"):
        initial_network(config, digits, generator(0))
    conv = build_network(ConvClassifierConfig(hidden_size=16), (8, 8), 10, generator(0))
    with pytest.raises(ValueError, match="belong to no single pixel"):
        conv.zero_pixels(torch.ones(8, 8, dtype=torch.bool))
    with pytest.raises(ValueError, match="belong to no single pixel"):
        conv.pixel_weights()
    with pytest.raises(ValueError, match="behind GaborBank"):
        build_network(MlpClassifierConfig(front_end="gabor"), (8, 8), 10, generator(0)).pixel_weights()


def test_dead_is_a_matter_of_the_train_images_alone(digits: ImageData) -> None:
    lit = replace(digits, val=TensorSplit(torch.ones_like(digits.val.images), digits.val.labels))
    config = MlpClassifierConfig(hidden_size=16, zero_dead_pixels=True)
    one, other = (initial_network(config, data, generator(0)) for data in (digits, lit))
    assert torch.equal(one.pixel_weights(), other.pixel_weights())

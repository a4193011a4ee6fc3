"""A planted subject with its controls, and a digits pipeline trained once for all tests that need one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache

import torch

from tests.trainables_tests.validity_tests.cheats import CHEATS, Known
from tests.trainables_tests.validity_tests.planted import StrokeNetwork, planted
from trainables.bases.raw import Raw
from trainables.classifier.trainer import ClassifierTrainer
from trainables.config import TrialConfig
from trainables.data.dataset import ImageData, load_dataset, to_tensors
from trainables.model.feature_model import FeatureModel
from trainables.model.interface import SupportsFeatures
from trainables.sae_training.local import train_alone
from trainables.sae_training.request import SaeRequest, SaeResult
from trainables.settings.basis import RawBasisConfig
from trainables.settings.sae import TopKSaeConfig
from trainables.validity.card import Count, validity_card
from trainables.validity.controls import Controls, controls_of
from trainables.validity.subject import Subject, subject_of


@dataclass(frozen=True)
class Judged:
    """A subject, its controls, and the train activations behind both."""

    subject: Subject
    controls: Controls
    train_hidden: torch.Tensor


def judged(
    model: SupportsFeatures, train: torch.Tensor, images: torch.Tensor, labels: torch.Tensor
) -> Judged:
    with torch.no_grad():
        hidden, train_hidden = model.hidden(images), model.hidden(train)
        subject = subject_of(model, images, labels, hidden, train_hidden)
    return Judged(subject, controls_of(train_hidden, images, labels, hidden, seed=0), train_hidden)


SHORT = TrialConfig(sae=TopKSaeConfig(epochs=30))

# The honest SAE behind another lens: no worse, and by that no better.
LENSES = ("dead_zone", "quantised", "noise_width")

Trained = tuple[ImageData, FeatureModel, Judged]


@cache
def strokes() -> tuple[StrokeNetwork, Judged]:
    """Known strokes, absences, ink, random directions and vetoed strokes, on 3,000 images."""
    train, scored = planted(4000, seed=0), planted(3000, seed=1)
    network = StrokeNetwork(train)
    return network, judged(network, train.images, scored.images, scored.labels)


@cache
def digits() -> Trained:
    """The default classifier and SAE, trained on the embedded digits."""
    return trained(to_tensors(load_dataset("digits")), SHORT, classifier_epochs=18)


@cache
def mnist() -> Trained:
    """The same, trained on 20,000 images of MNIST."""
    root = os.environ["SAE_SEARCH_DATA"]
    return trained(
        to_tensors(load_dataset("mnist", root=root, limit=20_000)), TrialConfig(), classifier_epochs=8
    )


def trained(data: ImageData, config: TrialConfig, classifier_epochs: int) -> Trained:
    """A feature model of the config, trained without a pipeline's metrics, and how it is judged."""
    training = ClassifierTrainer(config.classifier, config.auxiliary, data, seed=0)
    for _ in range(classifier_epochs):
        training.train_epoch()
    network = training.network.requires_grad_(False).eval()
    hidden = network.hidden(data.train.images)
    basis = Raw.fit(hidden, RawBasisConfig(), 0)
    y = basis.encode(hidden)
    outcome = train_alone(SaeRequest(config.sae, y, config.sae.epochs, 0), torch.device("cpu"))
    assert isinstance(outcome, SaeResult)
    model = FeatureModel(network, basis, outcome.sae.requires_grad_(False).eval())
    return data, model, judged(model, data.train.images, data.val.images, data.val.labels)


def known(data: ImageData, model: SupportsFeatures, train_hidden: torch.Tensor) -> Known:
    """What a cheat over a trained model may look at."""
    with torch.no_grad():
        codes = model.encode(train_hidden)[1]
    return Known(model, data.train.images, data.train.labels, train_hidden, codes, data.n_classes)


def compared(name: str, honest: Trained) -> tuple[Count, Count]:
    """`readable` of the honest SAE and of the cheat over it."""
    data, model, trained = honest
    own = validity_card(trained.subject, trained.controls).readable()
    with torch.no_grad():
        cheat = CHEATS[name](known(data, model, trained.train_hidden))
        hidden, train_hidden = cheat.hidden(data.val.images), cheat.hidden(data.train.images)
        subject = subject_of(cheat, data.val.images, data.val.labels, hidden, train_hidden)
    return own, validity_card(subject, trained.controls).readable()

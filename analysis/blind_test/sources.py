"""Where the latents of a quiz come from: what was searched for, and what it has to be better than.

winner               the best trial
default              trial 0, if it was trained in full and is not the best
random dictionary    Gaussian rows with the covariance of the winner's hidden layer, at the winner's L0
k-means              centres of its hidden layer, likewise
untrained network    such a random dictionary on the winner's network as it was before training
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from analysis.features.observed import BATCH, split_of
from analysis.load import Run
from trainables.batches import in_batches
from trainables.data.dataset import Dataset
from trainables.model.interface import SupportsFeatures
from trainables.networks.network import build_network
from trainables.seeds import child_seed, generator
from trainables.validity.controls import Controls, controls_of
from trainables.validity.floor import never_trained
from trainables.validity.subject import Subject, strokes_of, subject_of

WINNER, DEFAULT, RANDOM, KMEANS, UNTRAINED = KINDS = (
    "winner",
    "default",
    "random dictionary",
    "k-means",
    "untrained network",
)
DICTIONARIES = {RANDOM: "gaussian", KMEANS: "kmeans"}


@dataclass(frozen=True)
class Source:
    """A dictionary by its kind, the run and trial that it belongs to, and what the validity card needs."""

    kind: str
    run: str
    trial: int
    subject: Subject
    controls: Controls


@torch.no_grad()
def sources(run: Run, data: Dataset, split: str, seed: int) -> Iterator[Source]:
    """Every source of one run. NoTrialCompleted if it has no best trial."""
    best = run.best()
    subject, train = _subject(best.features, data, split)
    controls = _controls(subject, train, seed)
    yield Source(WINNER, run.name, best.number, subject, controls)
    default = run.history.trials.get(0)
    if default is not None and default.state == "COMPLETE" and best.number != 0:
        own, own_train = _subject(run.model(0).features, data, split)
        yield Source(DEFAULT, run.name, 0, own, _controls(own, own_train, seed))
    width = subject.codes.shape[1]
    k = max(1, round(float((subject.codes > 0).sum(dim=1).float().mean())))
    for kind, rows in DICTIONARIES.items():
        yield Source(
            kind, run.name, best.number, never_trained(subject, rows, train, width, k, seed), controls
        )
    raw, raw_train = _subject(_Untrained(run, best.number, data, seed), data, split)
    random = never_trained(raw, DICTIONARIES[RANDOM], raw_train, width, k, seed)
    yield Source(UNTRAINED, run.name, best.number, random, _controls(raw, raw_train, seed))


class _Untrained:
    """The network of a trial with the weights that it began with, for other seeds; no latents of its own."""

    def __init__(self, run: Run, number: int, data: Dataset, seed: int) -> None:
        config = run.model(number).config.classifier.without_files()
        draw = generator(child_seed(seed, "quiz", "untrained"))
        self._network = build_network(config, data.image_shape, data.n_classes, draw).eval()
        self.hidden, self.head = self._network.hidden, self._network.head

    def encode(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """One latent that never fires, for `subject_of` asks."""
        return -torch.ones(len(h), 1), torch.zeros(len(h), 1)

    def decode(self, z: Tensor) -> Tensor:
        """Nothing: (b, d) of zeros."""
        return torch.zeros(len(z), self._network.hidden_size)


def _subject(model: SupportsFeatures, data: Dataset, split: str) -> tuple[Subject, Tensor]:
    """The model on the split, and its hidden activations on train."""
    shown = split_of(data, split)
    images, labels = torch.tensor(shown.images), torch.tensor(shown.labels)
    hidden, train = (
        in_batches(model.hidden, pictures, BATCH) for pictures in (images, torch.tensor(data.train.images))
    )
    return subject_of(model, images, labels, hidden, train, strokes_of(images)), train


def _controls(subject: Subject, train: Tensor, seed: int) -> Controls:
    return controls_of(train, subject.images, subject.labels, subject.hidden, seed)

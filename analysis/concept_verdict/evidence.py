"""What the gates before the causal one look at: concepts, labels, pixels, a plain network's activations."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from trainables.metrics.concept_alignment import completeness
from trainables.metrics.probe import fit_probe

SEED = 20_251


@dataclass(frozen=True)
class Rows:
    """Of some images: values and bits of the concepts (n, c), labels (n,), pixels (n, p), h (n, d)."""

    values: np.ndarray
    bits: np.ndarray
    labels: np.ndarray
    pixels: np.ndarray
    hidden: np.ndarray


@dataclass(frozen=True)
class Evidence:
    """Everything is fitted on train and scored on val. accuracy: of the plain network on val."""

    names: tuple[str, ...]
    train: Rows
    val: Rows
    n_classes: int
    accuracy: float

    @property
    def chance(self) -> float:
        """Share of the most frequent class in val."""
        return float(np.bincount(self.val.labels).max()) / len(self.val.labels)

    def only(self, kept: list[int]) -> Evidence:
        """The same of the concepts at the places `kept`, in their order."""

        def part(own: Rows) -> Rows:
            return replace(own, values=own.values[:, kept], bits=own.bits[:, kept])

        names = tuple(self.names[i] for i in kept)
        return replace(self, names=names, train=part(self.train), val=part(self.val))

    def correct(self, train: np.ndarray, val: np.ndarray) -> np.ndarray:
        """Which val images (v,) a logistic regression on features (n, k), (v, k) calls right."""
        if train.shape[1] == 0:
            return np.asarray(self.val.labels == np.bincount(self.train.labels).argmax())
        probe = fit_probe(
            torch.tensor(train, dtype=torch.float32), torch.tensor(self.train.labels), self.n_classes
        )
        said = probe.predict(torch.tensor(val, dtype=torch.float32)).numpy()
        return np.asarray(said == self.val.labels)

    def eta(self, train: np.ndarray, val: np.ndarray) -> float:
        """Completeness of features: see `concept_alignment.completeness`."""
        return completeness(float(self.correct(train, val).mean()), self.chance, self.accuracy)

"""The probe at its best: fitted on all of train, its regularisation chosen inside train.

Codes and activations have the same grid and the same budget. The scored split plays no part in the choice.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.metrics import probe

GRID = (0.001, 0.01, 0.1, 1.0)
HELD_OUT = 0.2
SPLIT_SEED = 6_151
# About 1 GiB of float32 features; wider codes are fitted on fewer rows, never fewer than the rung's probe.
MOST_NUMBERS = 2**28


def full_rows(n_rows: int, n_features: int) -> Tensor:
    """Ascending indices of the train rows to fit on: all of them, as far as memory goes."""
    most = max(probe.MOST_ROWS, MOST_NUMBERS // n_features)
    if n_rows <= most:
        return torch.arange(n_rows)
    return _shuffled(n_rows)[:most].sort().values


def choose_c(features: Tensor, labels: Tensor, n_classes: int) -> float:
    """The C of GRID whose probe, fitted on 80 % of the rows given, reads the other 20 % best.

    Among equals the smallest, which is the plainest probe.
    """
    order = _shuffled(len(labels)).to(labels.device)
    held, kept = order.tensor_split([int(HELD_OUT * len(labels))])
    if not held.numel():
        return probe.C
    scores = [
        probe.probe_accuracy(features[kept], labels[kept], features[held], labels[held], n_classes, c)
        for c in GRID
    ]
    return GRID[scores.index(max(scores))]


def tuned_accuracy(
    train_features: Tensor, train_labels: Tensor, val_features: Tensor, val_labels: Tensor, n_classes: int
) -> float:
    """Accuracy on val, in [0, 1], of the probe with the chosen C, fitted on all rows given."""
    c = choose_c(train_features, train_labels, n_classes)
    return probe.probe_accuracy(train_features, train_labels, val_features, val_labels, n_classes, c)


def _shuffled(n: int) -> Tensor:
    return torch.randperm(n, generator=torch.Generator().manual_seed(SPLIT_SEED))

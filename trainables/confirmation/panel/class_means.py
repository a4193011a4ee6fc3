"""Differences of class means as a dictionary: the ceiling, for it is told the labels.

Rows are mean_a - mean_b of the activations h for every ordered pair of classes, then mean_a - the mean of
all others: c (c - 1) + c directions of c classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.confirmation.member import PanelMember

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.confirmation.trained import Trained
    from trainables.model.interface import SupportsFeatures


def differences(hidden: Tensor, labels: Tensor, n_classes: int) -> Tensor:
    """Unit rows (at most c^2, d) from h (n, d) and labels (n,); a class without an image has none."""
    import torch
    import torch.nn.functional as F

    means = [hidden[labels == c].mean(dim=0) for c in range(n_classes) if bool((labels == c).any())]
    others = [hidden[labels != c].mean(dim=0) for c in range(n_classes) if bool((labels == c).any())]
    pairs = [a - b for i, a in enumerate(means) for j, b in enumerate(means) if i != j]
    rows = [*pairs, *(mean - rest for mean, rest in zip(means, others, strict=True))]
    return F.normalize(torch.stack(rows), dim=1)


def _build(trained: Trained) -> SupportsFeatures:
    from trainables.validity.floor import NeverTrained

    rows = differences(trained.hidden, trained.labels, trained.n_classes)
    return NeverTrained(trained.model, rows, trained.k, trained.hidden)


MEMBER = PanelMember("class_means", 14, "differences of class means", _build, is_ceiling=True)

"""What the classifier loses when it runs on the reconstruction instead of its own hidden activations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

# Below this gap, in nats, the hidden layer carries too little for a ratio to mean anything.
SMALLEST_GAP = 0.01


@dataclass(frozen=True)
class Splice:
    """Both 'clean minus spliced': the drop in accuracy, and the share of cross entropy recovered."""

    accuracy_drop: float
    ce_recovered: float


@torch.no_grad()
def splice(head: Callable[[Tensor], Tensor], h: Tensor, h_hat: Tensor, labels: Tensor) -> Splice:
    """Run the rest of the network on h, on h_hat and on the mean of h.

    accuracy_drop = acc(h) - acc(h_hat), in [-1, 1].
    ce_recovered = (CE_mean - CE_spliced) / (CE_mean - CE_clean), in (-inf, inf): 1 = all, 0 = no better than
    the mean, negative = worse. Ratio of totals, cross entropies in nats.
    If CE_mean - CE_clean is below 0.01 nats, or negative, there is nothing to recover and the result is 0,
    the null: a network that ignores its hidden layer earns nothing by surviving its replacement. Mean rather
    than zero ablation, because zero is an unusual input after a ReLU and inflates the denominator.
    """
    clean, spliced = head(h), head(h_hat)
    ablated = head(h.mean(dim=0, keepdim=True)).expand_as(clean)
    return Splice(
        accuracy_drop=accuracy(clean, labels) - accuracy(spliced, labels),
        ce_recovered=recovered(
            cross_entropy(clean, labels), cross_entropy(spliced, labels), cross_entropy(ablated, labels)
        ),
    )


def recovered(clean: float, spliced: float, ablated: float) -> float:
    """(ablated - spliced) / (ablated - clean); 0 where the denominator is below 0.01 nats."""
    gap = ablated - clean
    return (ablated - spliced) / gap if gap >= SMALLEST_GAP else 0.0


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Share of samples whose largest logit (b, classes) is at the label (b,), in [0, 1]."""
    return float((logits.argmax(dim=1) == labels).double().mean())


def cross_entropy(logits: Tensor, labels: Tensor) -> float:
    """Mean -log softmax(logits)[label] in nats, in float64."""
    return float(F.cross_entropy(logits.double(), labels))

"""How well a linear reader predicts the class from codes, or from the activations themselves.

The objective is scikit-learn's with an unpenalised intercept b,
    C * sum_n loss(W x_n + b, y_n) + |W|^2 / 2,
    loss = cross entropy:                                multinomial logistic regression, or
    loss = sum_c max(0, 1 - s_nc (W x_n + b)_c)^2:       linear SVM, one against the rest, s = +-1,
on features divided by their standard deviation over the fitting rows. Scale only: centring would fill sparse
codes, and the free intercept makes it redundant. Codes and activations are treated alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

C = 0.1
MOST_ROWS = 10_000
SUBSET_SEED = 7_919
MAX_ITERATIONS = 200
GRADIENT_TOLERANCE = 1e-4
_CONSTANT = 1e-6


@dataclass(frozen=True)
class LinearProbe:
    """Weights (classes, features) on the raw features, and intercepts (classes,)."""

    weight: Tensor
    intercept: Tensor

    def predict(self, features: Tensor) -> Tensor:
        """Most probable class of each row (b, features): (b,) int64."""
        return (features @ self.weight.t() + self.intercept).argmax(dim=1)


def probe_rows(n_rows: int) -> Tensor:
    """Ascending indices of the rows that every probe of a data set is fitted on, at most 10,000 of n_rows.

    The choice depends on n_rows alone, so all rungs and all trials are judged on the same rows.
    """
    if n_rows <= MOST_ROWS:
        return torch.arange(n_rows)
    generator = torch.Generator().manual_seed(SUBSET_SEED)
    return torch.randperm(n_rows, generator=generator)[:MOST_ROWS].sort().values


# Scores (n, classes) and labels (n,) -> mean loss.
Loss = Callable[[Tensor, Tensor], Tensor]


def squared_hinge(scores: Tensor, labels: Tensor) -> Tensor:
    """The SVM's loss, mean over n samples of its sum over classes."""
    sign = 2.0 * F.one_hot(labels, scores.shape[1]) - 1.0
    return (1 - sign * scores).clamp(min=0).square().sum(dim=1).mean()


def fit_probe(
    features: Tensor,
    labels: Tensor,
    n_classes: int,
    c: float = C,
    tolerance: float = GRADIENT_TOLERANCE,
    loss: Loss = F.cross_entropy,
) -> LinearProbe:
    """Minimise the objective above by L-BFGS from zero on the full batch; deterministic.

    features (n, k) float, labels (n,) int64. `tolerance` is the largest component of the mean loss's gradient
    to stop at; the default leaves a few predictions in a thousand undecided. A constant feature gets weight
    0; with no other feature the probe predicts the most frequent class. The start does not matter: the
    problem is strictly convex in W.
    """
    scale = inverse_spread(features)
    x = features * scale
    weight = torch.zeros(n_classes, x.shape[1], dtype=x.dtype, device=x.device, requires_grad=True)
    prior = torch.bincount(labels, minlength=n_classes).clamp(min=0.5).to(x) / labels.shape[0]
    intercept = prior.log().requires_grad_()
    optimiser = torch.optim.LBFGS(
        [weight, intercept],
        max_iter=MAX_ITERATIONS,
        tolerance_grad=tolerance,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )
    ridge = 0.5 / (c * labels.shape[0])

    def objective() -> Tensor:
        optimiser.zero_grad()
        value = loss(F.linear(x, weight, intercept), labels) + ridge * weight.square().sum()
        value.backward()
        return value

    with torch.enable_grad():
        optimiser.step(objective)
    return LinearProbe(weight.detach() * scale, intercept.detach())


def probe_accuracy(
    train_features: Tensor,
    train_labels: Tensor,
    val_features: Tensor,
    val_labels: Tensor,
    n_classes: int,
    c: float = C,
    loss: Loss = F.cross_entropy,
) -> float:
    """Accuracy on val, in [0, 1], of the probe fitted on the train rows given."""
    fitted = fit_probe(train_features, train_labels, n_classes, c, loss=loss)
    return float((fitted.predict(val_features) == val_labels).double().mean())


def majority_accuracy(train_labels: Tensor, val_labels: Tensor, n_classes: int) -> float:
    """Accuracy on val of always saying the most frequent train class: the probe's chance level."""
    return float((val_labels == torch.bincount(train_labels, minlength=n_classes).argmax()).double().mean())


def inverse_spread(features: Tensor) -> Tensor:
    """1 / standard deviation per feature, 0 where a feature is constant: (k,)."""
    deviation = features.std(dim=0, correction=0)
    varies = deviation > _CONSTANT * features.abs().amax(dim=0)
    return torch.where(varies, deviation, 1.0).reciprocal() * varies

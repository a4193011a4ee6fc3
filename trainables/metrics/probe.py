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


# Scores (classes, n), and 1 where a row's class is, else 0 -> mean loss and its slopes to the scores.
Loss = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def cross_entropy(scores: Tensor, own: Tensor) -> tuple[Tensor, Tensor]:
    """Logistic regression's loss, mean over n rows of -log softmax(scores) at their class."""
    log_likelihood = scores - scores.logsumexp(dim=0)
    n = scores.shape[1]
    return -(log_likelihood * own).sum() / n, (log_likelihood.exp() - own) / n


def squared_hinge(scores: Tensor, own: Tensor) -> tuple[Tensor, Tensor]:
    """The SVM's loss, mean over n rows of its sum over classes."""
    sign = 2 * own - 1
    short = (1 - sign * scores).clamp(min=0)
    n = scores.shape[1]
    return short.square().sum() / n, -2 * sign * short / n


def fit_probe(
    features: Tensor,
    labels: Tensor,
    n_classes: int,
    c: float = C,
    tolerance: float = GRADIENT_TOLERANCE,
    loss: Loss = cross_entropy,
) -> LinearProbe:
    """Minimise the objective above by L-BFGS from zero on the full batch; deterministic.

    features (n, k) float, labels (n,) int64. `tolerance` is the largest component of the mean loss's gradient
    to stop at; the default leaves a few predictions in a thousand undecided. A constant feature gets weight
    0; with no other feature the probe predicts the most frequent class. The start does not matter: the
    problem is strictly convex in W.
    """
    scale = inverse_spread(features)
    # A row for each feature: products with ten classes are several times faster along the longer axis.
    x = (features * scale).t().contiguous()
    own = F.one_hot(labels, n_classes).t().to(x).contiguous()
    n = len(labels)
    weight = torch.zeros(n_classes, len(x), dtype=x.dtype, device=x.device)
    intercept = (own.sum(dim=1).clamp(min=0.5) / n).log()
    optimiser = torch.optim.LBFGS(
        [weight, intercept],
        max_iter=MAX_ITERATIONS,
        tolerance_grad=tolerance,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )
    ridge = 0.5 / (c * n)

    def objective() -> float:
        value, slopes = loss(torch.addmm(intercept[:, None], weight, x), own)
        weight.grad = slopes @ x.t() + 2 * ridge * weight
        intercept.grad = slopes.sum(dim=1)
        return float(value + ridge * weight.square().sum())

    optimiser.step(objective)
    return LinearProbe(weight * scale, intercept)


def probe_accuracy(
    train_features: Tensor,
    train_labels: Tensor,
    val_features: Tensor,
    val_labels: Tensor,
    n_classes: int,
    c: float = C,
    loss: Loss = cross_entropy,
) -> float:
    """Accuracy on val, in [0, 1], of the probe fitted on the train rows given."""
    fitted = fit_probe(train_features, train_labels, n_classes, c, loss=loss)
    return float((fitted.predict(val_features) == val_labels).double().mean())


def inverse_spread(features: Tensor) -> Tensor:
    """1 / standard deviation per feature, 0 where a feature is constant: (k,)."""
    deviation = features.std(dim=0, correction=0)
    varies = deviation > _CONSTANT * features.abs().amax(dim=0)
    return torch.where(varies, deviation, 1.0).reciprocal() * varies

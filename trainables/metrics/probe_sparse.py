"""How well k latents tell one class from the rest: k-sparse probing (Gurnee et al. 2023, arXiv 2305.01610).

For each class, the k features whose mean on the class differs most from their mean off it, in units of the
feature's standard deviation (so that a latent's scale is of no consequence), feed a logistic regression
    C * sum_n w_n CE(s_n (w x_n + b)) + |w|^2 / 2,   w_n = n / 2 n_class on the class, n / 2 n_rest off it.
Choice and fit are on train rows. Scored by balanced accuracy on val, mean over classes: chance is 1/2
whatever the classes' sizes, and all rows count, where the published form draws balanced subsets.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.metrics.probe import inverse_spread

SIZES = (1, 2, 5)
C = 1.0
_STEPS = 100
_TOLERANCE = 1e-9


def sparse_probe_accuracies(
    train_features: Tensor, train_labels: Tensor, val_features: Tensor, val_labels: Tensor, n_classes: int
) -> dict[int, float]:
    """Mean balanced accuracy for each k of SIZES, in [0, 1]; chance 1/2.

    A class that either split lacks, or that is all there is, is left out; with none left 1/2.
    """
    scale = inverse_spread(train_features)
    ranked = _ranked_features(train_features, train_labels, n_classes, scale)
    scores: dict[int, list[float]] = {k: [] for k in SIZES}
    for label in range(n_classes):
        train_is, val_is = train_labels == label, val_labels == label
        if not (_both(train_is) and _both(val_is)):
            continue
        for k in SIZES:
            chosen = ranked[label, :k]
            x = (train_features[:, chosen] * scale[chosen]).double()
            weights = fit_balanced(x, train_is)
            y = (val_features[:, chosen] * scale[chosen]).double()
            says = y @ weights[:-1] + weights[-1] > 0
            scores[k].append(float((says[val_is].double().mean() + (~says[~val_is]).double().mean()) / 2))
    return {k: sum(values) / len(values) if values else 0.5 for k, values in scores.items()}


def fit_balanced(x: Tensor, positive: Tensor, c: float = C) -> Tensor:
    """Weights (k,) and intercept of the regression above by damped Newton steps: (k + 1,) float64.

    x (n, k) float64, positive (n,) bool. Strictly convex in w, and in b as both classes are there.
    """
    design = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
    target, n = positive.double(), len(positive)
    share = torch.where(positive, n / (2 * target.sum()), n / (2 * (n - target.sum())))
    ridge = torch.full((design.shape[1],), 1.0 / c, dtype=torch.float64, device=x.device)
    ridge[-1] = 0.0
    weights = torch.zeros_like(ridge)

    def objective(w: Tensor) -> Tensor:
        loss = F.binary_cross_entropy_with_logits(design @ w, target, share, reduction="sum")
        return loss + (ridge * w.square()).sum() / 2

    value = objective(weights)
    for _ in range(_STEPS):
        p = torch.sigmoid(design @ weights)
        gradient = design.T @ (share * (p - target)) + ridge * weights
        hessian = (design * (share * p * (1 - p))[:, None]).T @ design + torch.diag(ridge + 1e-9)
        step = torch.linalg.solve(hessian, gradient)
        if float(step @ gradient) < _TOLERANCE:
            break
        length = 1.0
        while float(objective(weights - length * step)) > float(value) and length > 1e-6:
            length /= 2
        weights = weights - length * step
        value = objective(weights)
    return weights


def _ranked_features(features: Tensor, labels: Tensor, n_classes: int, scale: Tensor) -> Tensor:
    """Feature indices by falling |mean on the class - mean off it| / deviation: (classes, at most 5)."""
    member = F.one_hot(labels, n_classes).to(features)
    inside = member.T @ features
    size = member.sum(dim=0)[:, None]
    on, off = inside / size.clamp(min=1), (features.sum(dim=0) - inside) / (len(labels) - size).clamp(min=1)
    difference = ((on - off) * scale).abs()
    return difference.sort(dim=1, descending=True, stable=True).indices[:, : max(SIZES)]


def _both(mask: Tensor) -> bool:
    return bool(mask.any()) and not bool(mask.all())

"""More than the label: a latent tells images of one class apart.

share   at least half of its firings lie in classes of which it takes <= 80 %
within  in classes with >= 5 images on and >= 5 off, the sum of squares between "on" and "off" of the pixels'
        50 leading principal components, sum_c n_on n_off / n_c |mean_on - mean_off|^2, is at least .7 of what
        Gaussian directions reach with as many firings in that class
The second is a floor: trained latents sort a class no better than random directions (about 1), but a label
that is on for its surer half, or random bits, do worse. margins: share / .5, and within - .2.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.validity.controls import Controls
from trainables.validity.outcome import Outcome, ramp
from trainables.validity.subject import Subject

TAKEN = 0.8
SHARE = 0.5
WITHIN = 0.7
FEWEST = 5
GAUSSIANS = 32


def more_than_label(subject: Subject, columns: Tensor, controls: Controls) -> Outcome:
    """The latents `columns` (c,); needs labels."""
    labels = subject.labels
    assert labels is not None
    fires = subject.codes[:, columns] > 0
    partly = torch.zeros(len(columns), dtype=torch.float64, device=labels.device)
    between, expected = torch.zeros_like(partly), torch.zeros_like(partly)
    curves = controls.once(gaussian_curves)
    for label in labels.unique().tolist():
        members = labels == label
        on = fires[members].sum(dim=0)
        size = int(members.sum())
        partly += torch.where(on <= TAKEN * size, on, 0)
        counted = (on >= FEWEST) & (size - on >= FEWEST)
        if bool(counted.any()):
            pixels = controls.embedding[members]
            between += torch.where(counted, between_sums(fires[members], pixels), 0.0)
            expected += torch.where(counted, curves[label][on.clamp(1, size - 1) - 1], 0.0)
    share = partly / fires.sum(dim=0).clamp(min=1)
    within = torch.where(expected > 0, between / expected.clamp(min=1e-30), 0.0)
    return Outcome(
        (share >= SHARE) & (within >= WITHIN),
        ramp(share, 0, SHARE) * ramp(within, 0.2, 1.2),
        {"share": share, "within": within},
    )


def between_sums(on: Tensor, pixels: Tensor) -> Tensor:
    """n_on n_off / n |mean_on - mean_off|^2 of pixels (n, e), split by each column of on (n, c): (c,)."""
    weights, points = on.double(), pixels.double()
    count = weights.sum(dim=0)
    return _between(count, weights.T @ points, points.sum(dim=0), len(points))


def gaussian_curves(controls: Controls) -> dict[int, Tensor]:
    """Class -> mean over Gaussian directions of `between_sums`, the m first of n images firing: (n - 1,)."""
    labels = controls.labels
    assert labels is not None
    directions = controls.families["gaussian"][:GAUSSIANS]
    curves = {}
    for label in labels.unique().tolist():
        pixels = controls.embedding[labels == label].double()
        projected = controls.hidden[labels == label] @ directions.T
        sums = pixels[projected.argsort(dim=0, descending=True)[:-1]].cumsum(dim=0)
        count = torch.arange(1, len(pixels), device=pixels.device, dtype=torch.float64)[:, None]
        curves[label] = _between(count, sums, pixels.sum(dim=0), len(pixels)).mean(dim=1)
    return curves


def _between(count: Tensor, sums: Tensor, total: Tensor, n: int) -> Tensor:
    """From how many are on, the sum of points over these (..., e), and the sum over all n."""
    off = n - count
    difference = sums / count.clamp(min=1)[..., None] - (total - sums) / off.clamp(min=1)[..., None]
    return count * off / n * difference.square().sum(dim=-1)

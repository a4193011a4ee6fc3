"""Selective: the images a latent fires on belong to fewer classes than those of any control.

S_q(j) = share of j's firing images in the q classes most frequent among them, q = 1 .. classes / 2. j passes
if for some q it exceeds the largest of the families' mean S_q, each direction thresholded to fire on as many
images as j. One class alone would fail a stroke that two digits share, three one that five share: so q runs
to half of the classes, which a dictionary of controls gains from as well.
A purity of .9 is nothing by itself: single images of a good network have it.
margin = (S_q - best family mean + .1) / .2 at its best q.
With few images the curve of the controls is close to 1 itself: on 359 digits hardly anything passes.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.validity.controls import Controls
from trainables.validity.outcome import Outcome, ramp
from trainables.validity.subject import Subject
from trainables.validity.usable import MOST

GRID = 48


def selective(subject: Subject, columns: Tensor, controls: Controls) -> Outcome:
    """The latents `columns` (c,) against the families; needs labels."""
    labels = subject.labels
    assert labels is not None
    member = F.one_hot(labels).to(subject.codes)
    counts = (subject.codes[:, columns] > 0).to(member).T @ member
    own = top_shares(counts)
    control = at_counts(*controls.once(family_curves), subject.firing[columns])
    above = (own - control).amax(dim=1)
    best = (own - control).argmax(dim=1, keepdim=True)
    figures = {"share": own.gather(1, best)[:, 0], "control": control.gather(1, best)[:, 0]}
    return Outcome(above > 0, ramp(above, -0.1, 0.1), figures)


def top_shares(class_counts: Tensor) -> Tensor:
    """S_1 .. S_(classes / 2) of counts (c, classes): (c, q) float64; 0 without an image."""
    ordered = class_counts.double().sort(dim=1, descending=True).values.cumsum(dim=1)
    most = max(1, class_counts.shape[1] // 2)
    return ordered[:, :most] / ordered[:, -1:].clamp(min=1)


def family_curves(controls: Controls) -> tuple[Tensor, Tensor]:
    """Firing counts (g,) and the largest family mean of S_q there: (g, q)."""
    labels = controls.labels
    assert labels is not None
    last = max(1, math.ceil(MOST * len(labels)))
    grid = torch.linspace(0, math.log(last), GRID, dtype=torch.float64).exp().round().long().unique()
    means = []
    for directions in controls.families.values():
        projected = (controls.hidden - controls.mean) @ directions.T
        order = projected.topk(last, dim=0).indices
        counts = F.one_hot(labels[order]).cumsum(dim=0)[grid.to(order.device) - 1]
        means.append(top_shares(counts.flatten(0, 1)).unflatten(0, counts.shape[:2]).mean(dim=1))
    return grid, torch.stack(means).amax(dim=0)


def at_counts(grid: Tensor, curve: Tensor, counts: Tensor) -> Tensor:
    """The curve (g, q) at firing counts (c,), linear in their logarithm: (c, q)."""
    knots, at = grid.double().log().to(curve.device), counts.double().clamp(min=1).log()
    right = torch.searchsorted(knots, at).clamp(1, max(1, len(knots) - 1)).clamp(max=len(knots) - 1)
    left = (right - 1).clamp(min=0)
    width = (knots[right] - knots[left]).clamp(min=1e-12)
    share = ((at - knots[left]) / width).clamp(0, 1)[:, None]
    return curve[left] * (1 - share) + curve[right] * share

"""Stable: an SAE of another seed finds the latent again, better than it finds random directions.

best_j = max_k min(cos(d_j, d'_k), corr(z_j, z'_k)) over the twin's latents k. Passed above the 90 % quantile
of the same for Gaussian directions thresholded at the median density of the latents.
margin = 1.5 (best - m) / (.9 - m), m the median of the Gaussians. A twin costs a training; the test earns
little for it, so it is made only where one is given.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.validity.controls import Controls
from trainables.validity.outcome import Outcome, ramp
from trainables.validity.subject import Subject

QUANTILE = 0.9


def stable(subject: Subject, columns: Tensor, controls: Controls, twin: Subject) -> Outcome:
    """The latents `columns` (c,) of one SAE against all of its twin's on the same images."""
    found = best_match(subject.codes[:, columns], subject.rows[columns], twin)
    random = controls.families["gaussian"]
    count = int(subject.firing[columns].median()) if len(columns) else 1
    projected = (subject.hidden - controls.mean) @ random.T
    cut = projected.topk(min(count + 1, len(projected)), dim=0).values[-1]
    chance = best_match((projected - cut).clamp(min=0), random, twin)
    middle = float(chance.median())
    return Outcome(
        found > chance.quantile(QUANTILE), ramp(found, middle, middle + (0.9 - middle) / 1.5), {"best": found}
    )


def best_match(codes: Tensor, rows: Tensor, twin: Subject) -> Tensor:
    """Max over the twin's latents of the smaller likeness, of codes (n, c) with rows (c, d): (c,)."""
    cosine = F.normalize(rows.double(), dim=1) @ F.normalize(twin.rows.double(), dim=1).T
    correlation = (_standard(codes).T @ _standard(twin.codes)).double() / len(codes)
    return torch.minimum(cosine, correlation).amax(dim=1)


def _standard(codes: Tensor) -> Tensor:
    """Columns of mean 0 and variance 1; a constant one becomes 0."""
    centred = codes - codes.mean(dim=0)
    spread = centred.square().mean(dim=0).sqrt()
    return torch.where(spread > 1e-12, centred / spread.clamp(min=1e-12), 0.0)

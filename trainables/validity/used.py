"""Used: the network reads from a latent what the latent says.

Taking the latent away from 24 of its images changes the logits by Delta = head(h) - head(h - z_j d_j). What
j says is say_j = class shares of the images it fires on - class shares of all. It is used if
    agree = correlation over classes of (sum Delta, say_j) > .5    and
    push  = sum Delta . say_j  >  the 90 % quantile over 8 Gaussian rows as long as d_j.
True labels, not the network's: an untrained head agrees with itself. margin = agree / .6, 0 if not pushed.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.validity.controls import Controls
from trainables.validity.exhibits import spaced
from trainables.validity.outcome import Outcome, ramp
from trainables.validity.subject import BATCH, Subject

IMAGES = 24
ROWS = 8
AGREE = 0.5
QUANTILE = 0.9


@torch.no_grad()
def used(subject: Subject, columns: Tensor, controls: Controls) -> Outcome:
    """The latents `columns` (c,), each usable; needs labels."""
    labels = subject.labels
    assert labels is not None
    member = F.one_hot(labels).double()
    fires = (subject.codes[:, columns] > 0).double()
    say = (fires.T @ member) / fires.sum(dim=0).clamp(min=1)[:, None] - member.mean(dim=0)
    at = spaced(subject.codes[:, columns], IMAGES, 1.0)
    rows = subject.rows[columns]
    random = controls.families["gaussian"][:ROWS, None] * rows.norm(dim=1)[:, None]
    own, *others = (_changes(subject, columns, at, written) for written in (rows, *random))
    push, chance = _dot(own, say), torch.stack([_dot(other, say) for other in others])
    # torch's quantile refuses an empty tensor, and there may be no latent to ask about.
    pushed = push > chance.quantile(QUANTILE, dim=0) if len(columns) else push > 0
    agree = _correlation(own, say)
    return Outcome(
        pushed & (agree > AGREE),
        torch.where(pushed, ramp(agree, 0, 0.6), 0.0),
        {"agree": agree, "push": push},
    )


def _changes(subject: Subject, columns: Tensor, at: Tensor, rows: Tensor) -> Tensor:
    """Sum over its images at (c, s) of what taking rows (c, d) away changes: (c, classes)."""
    h, z = subject.hidden, subject.codes[at, columns[:, None]]
    parts = []
    for images, amount, row in zip(
        at.split(BATCH // IMAGES), z.split(BATCH // IMAGES), rows.split(BATCH // IMAGES), strict=True
    ):
        whole = h[images]
        without = whole - amount[:, :, None] * row[:, None]
        change = subject.model.head(whole.flatten(0, 1)) - subject.model.head(without.flatten(0, 1))
        parts.append(change.unflatten(0, images.shape).double().sum(dim=1))
    return torch.cat(parts)


def _dot(change: Tensor, say: Tensor) -> Tensor:
    return (change[:, : say.shape[1]] * say).sum(dim=1)


def _correlation(change: Tensor, say: Tensor) -> Tensor:
    first, second = (t - t.mean(dim=1, keepdim=True) for t in (change[:, : say.shape[1]], say))
    lengths = first.norm(dim=1) * second.norm(dim=1)
    return torch.where(lengths > 1e-12, (first * second).sum(dim=1) / lengths.clamp(min=1e-12), 0.0)

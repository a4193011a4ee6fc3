"""Ink far from the strokes changes no latent, neither up nor down."""

from __future__ import annotations

from torch import Tensor

from trainables.edits.far_ink import with_far_ink
from trainables.losses.latents.latent_batch import LatentBatch

ALLOWED = 0.1


def far_ink(batch: LatentBatch) -> Tensor:
    """sum over firing j of [ |u_j(x) - u_j(x_far)| - .1 u_j(x) ]+ / sum of u_j(x), >= 0; both sums over the
    batch.

    x_far: x with full-strength ink of another image, or salt, beyond the hull of its strokes. A tenth of the
    latent is let pass. The pre-activations are compared, so that a latent is taught in both directions; the
    sum below is a constant.
    """
    codes = batch.codes
    edited = batch.read(with_far_ink(batch.images, batch.generator))
    change = ((batch.u - edited).abs() - ALLOWED * codes).relu() * (codes > 0)
    return change.sum() / codes.sum().clamp(min=1e-12)

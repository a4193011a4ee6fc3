"""Hidden units that do not look beside the strokes."""

from __future__ import annotations

import torch

from trainables.losses.input_gradient import hidden_energy
from trainables.losses.training_batch import TrainingBatch

# Far below any energy of a living unit; it only keeps an image whose gradient is 0 at a share of 0.
NO_ENERGY = 1e-12


def junk_penalty(batch: TrainingBatch) -> torch.Tensor:
    """Share of the hidden layer's input-gradient energy that lies outside the stroke mask, in [0, 1].

    With g^2 the `hidden_energy` at noised images: mean_b( sum((1 - M) g^2) / sum(g^2) ). Being a share,
    it cannot be lowered by making all gradients small.
    """
    energy = hidden_energy(batch)
    outside = (energy * ~batch.mask).sum(dim=(1, 2))
    return (outside / (energy.sum(dim=(1, 2)) + NO_ENERGY)).mean()


def junk_penalty_absolute(batch: TrainingBatch) -> torch.Tensor:
    """Mean over images and hidden units of || (1 - M) * dh_j/dx' ||^2, >= 0, in activation^2 per light^2.

    The latent-side form of right for the right reasons (Ross et al. 2017): each unit, not the
    prediction, should not see what lies off the strokes. Small gradients everywhere lower it too.
    """
    outside = (hidden_energy(batch) * ~batch.mask).sum(dim=(1, 2))
    return outside.mean() / batch.hidden.shape[1]

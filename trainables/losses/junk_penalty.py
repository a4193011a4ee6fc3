"""Hidden units that do not look beside the strokes."""

from __future__ import annotations

import torch

from trainables.losses.training_batch import TrainingBatch

# The noise of the metric attribution/junk. At exactly black pixels ReLU'(0) = 0 can silence a unit
# that reacts to the faintest light, and the penalty would then see nothing to mend.
NOISE = 0.05
# Far below any energy of a living unit; it only keeps an image whose gradient is 0 at a share of 0.
NO_ENERGY = 1e-12


def junk_penalty(batch: TrainingBatch) -> torch.Tensor:
    """Share of the hidden layer's input-gradient energy that lies outside the stroke mask, in [0, 1].

    x' = x + U[0, 0.05], v in {-1, +1}^d at random, g = d(v . h(x')) / dx' of shape (b, h, w):
    E_v g^2 is the sum of squared derivatives over all units (Hutchinson), at the price of one
    backward pass. Returns mean_b( sum((1 - M) g^2) / sum(g^2) ). Being a share, it cannot be lowered
    by making all gradients small. Differentiable by the network's weights (double backward).
    """
    noise = torch.rand(
        batch.images.shape, generator=batch.generator, device=batch.images.device, dtype=batch.images.dtype
    )
    noised = (batch.images + NOISE * noise).requires_grad_()
    hidden = batch.network.hidden(noised)
    signs = torch.randint(0, 2, hidden.shape, generator=batch.generator, device=hidden.device) * 2 - 1
    (gradient,) = torch.autograd.grad((signs * hidden).sum(), noised, create_graph=True)
    energy = gradient.square()
    outside = (energy * ~batch.mask).sum(dim=(1, 2))
    return (outside / (energy.sum(dim=(1, 2)) + NO_ENERGY)).mean()

"""How the network depends on its pixels, for penalties on that dependence."""

from __future__ import annotations

from collections.abc import Callable

import torch

from trainables.edits.background_widths import training_widths
from trainables.losses.training_batch import TrainingBatch

# At exactly black pixels ReLU'(0) = 0 can silence a unit that reacts to the faintest light, and a penalty
# would then see nothing to mend.
NOISE = 0.05


def input_gradient(
    batch: TrainingBatch,
    scalar: Callable[[torch.Tensor], torch.Tensor],
    background: torch.Tensor | float = NOISE,
) -> torch.Tensor:
    """d scalar(x') / dx' at x' = x + noise: (b, h, w), differentiable by the weights.

    The noise is U[0, 0.05] on the strokes and U[0, background] off them, background one number or one for
    each image (b, 1, 1). scalar: images (b, h, w) -> the sum over images of what is differentiated for each.
    """
    noise = torch.rand(
        batch.images.shape, generator=batch.generator, device=batch.images.device, dtype=batch.images.dtype
    )
    width = torch.where(batch.mask, NOISE, background)
    noised = (batch.images + width * noise).requires_grad_()
    (gradient,) = torch.autograd.grad(scalar(noised), noised, create_graph=True)
    return gradient


def hidden_energy(batch: TrainingBatch) -> torch.Tensor:
    """Unbiased estimate of sum_j (dh_j / dx'_p)^2: (b, h, w), for the price of one backward pass.

    With v in {-1, +1}^d at random, E_v[ (d(v . h)/dx'_p)^2 ] is that sum over the hidden units j
    (Hutchinson 1989). The noise on the background is as wide as `background_widths.training_widths` has it,
    a width for each image: never one at which attribution/junk is measured.
    """
    widths = training_widths(len(batch.images), batch.generator, batch.images)[:, None, None]

    def projected(noised: torch.Tensor) -> torch.Tensor:
        hidden = batch.network.hidden(noised)
        signs = torch.randint(0, 2, hidden.shape, generator=batch.generator, device=hidden.device) * 2 - 1
        return (signs * hidden).sum()

    return input_gradient(batch, projected, widths).square()

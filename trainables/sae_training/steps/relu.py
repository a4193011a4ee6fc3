"""The dense step of the ReLU kinds without autograd: five matrix products and two passes over the codes.

Autograd needs a sixth product, since it does not know that of the gradient to x - b_dec only the sum is asked
for, and it writes the codes about ten times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from trainables.sae_training.auxk import auxk_loss
from trainables.sae_training.kernels import team
from trainables.sae_training.kernels.relu_batch import activate, compare, deactivate
from trainables.sae_training.steps.descent import AdamStep
from trainables.sae_training.steps.step import Outcome
from trainables.saes.relu import ReluSae
from trainables.saes.relu_target import ReluTargetSae


class ReluStep:
    """Steps of one training in batches of at most `rows`."""

    def __init__(self, auxk: float, sae: ReluSae | ReluTargetSae, descent: AdamStep, rows: int) -> None:
        self.auxk, self.sae, self.descent = auxk, sae, descent
        width, size = sae.decoder.shape
        dtype = sae.decoder.dtype
        self._centred = torch.zeros(rows, size, dtype=dtype)
        self._errors = torch.zeros(rows, size, dtype=dtype)
        self._squares = torch.zeros(rows, dtype=dtype)
        # Flat, so that a smaller batch, too, lies in them without gaps.
        self._codes = torch.zeros(width * rows, dtype=dtype)
        self._slopes = torch.zeros(width * rows, dtype=dtype)
        self._sums = torch.zeros(width, dtype=dtype)
        self._actives = torch.zeros(width, dtype=dtype)

    def take(self, x: Tensor, rate: float, penalty_factor: float, dead: Tensor | None) -> Outcome:
        """One dense step without autograd, as `Step` says."""
        outcome = self.gradients(x, penalty_factor, dead)
        self.descent.descend(rate)
        self.sae.follow(outcome.figures[2])
        return outcome

    def gradients(self, x: Tensor, penalty_factor: float, dead: Tensor | None) -> Outcome:
        """Fill the descent's gradients."""
        size, descent, width = len(x), self.descent, len(self._sums)
        if size > len(self._centred):
            raise ValueError(f"a batch of {size} in buffers for {len(self._centred)}")
        centred = torch.sub(x, descent.decoder_bias, out=self._centred[:size])
        codes = torch.mm(descent.encoder, centred.T, out=self._codes[: width * size].view(width, size))
        dead_u = None
        if dead is not None and len(dead):
            dead_u = (codes[dead] + descent.encoder_bias[dead, None]).T
        _share(activate, codes, descent.encoder_bias, self._sums, self._actives)
        l0 = float(self._actives.sum()) / size
        weight = penalty_factor * float(self.sae.weight(torch.tensor(l0)))

        errors, squares = self._errors[:size], self._squares[:size]
        torch.mm(codes.T, descent.decoder, out=errors)
        scale = -2 / size
        _share(compare, centred, errors, scale, squares)
        squared_error = float(squares.sum()) / size
        loss = squared_error + weight * float(self._sums.sum()) / size
        revival = None
        if dead is not None and dead_u is not None:
            revival = _Revival(self.auxk, errors / scale, dead_u, descent.decoder, dead)
            loss += revival.loss

        slopes = torch.mm(descent.decoder, errors.T, out=self._slopes[: width * size].view(width, size))
        _share(deactivate, slopes, codes, weight / size, descent.to_encoder_bias)
        torch.mm(codes, errors, out=descent.to_decoder)
        torch.mm(slopes, centred, out=descent.to_encoder)
        if revival is not None:
            revival.add_to(descent, centred)
        torch.sum(errors, 0, out=descent.to_decoder_bias)
        descent.add_encoder_path()
        descent.project()
        return Outcome(torch.tensor([loss, squared_error, l0]), self._actives > 0)


def _share(kernel: Callable[..., Any], first: Tensor, *arguments: Tensor | float) -> None:
    """The kernel on all rows of its first array."""
    arrays = [each.numpy() if isinstance(each, Tensor) else each for each in arguments]
    team.run(kernel, len(first), team.IN_ORDER * first.numel(), first.numpy(), *arrays)


class _Revival:
    """AuxK by autograd, on the dead latents' part of codes and decoder."""

    def __init__(self, auxk: float, residual: Tensor, u: Tensor, decoder: Tensor, dead: Tensor) -> None:
        """residual (b, r), u (b, n) of the dead latents (n,), decoder (f, r)."""
        rows = decoder[dead].requires_grad_()
        u.requires_grad_()
        loss = auxk * auxk_loss(residual, u, rows, torch.arange(len(dead)))
        self.to_u, self.to_rows = torch.autograd.grad(loss, (u, rows))
        self.loss, self.dead = float(loss.detach()), dead

    def add_to(self, descent: AdamStep, centred: Tensor) -> None:
        """Add the gradients; centred (b, r) is x - b_dec."""
        descent.to_decoder.index_add_(0, self.dead, self.to_rows)
        descent.to_encoder.index_add_(0, self.dead, self.to_u.T @ centred)
        descent.to_encoder_bias.index_add_(0, self.dead, self.to_u.sum(0))

"""One gradient step of all members of a stack: `PlainStep` with S in front.

Nothing in it is read back from the device and no shape depends on values, so a CUDA graph can hold all of it:
which latents are dead is a mask, rates and factors lie where `now` copies them before each step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.sae_training.auxk import stacked_auxk_loss
from trainables.sae_training.stacks.descent import StackedAdamStep
from trainables.sae_training.stacks.schedule import AdamSchedule, k_table, number_table
from trainables.sae_training.stacks.stack import Stack, column
from trainables.sae_training.steps.plain import autocast
from trainables.saes.k_codes import KSae
from trainables.saes.sparse_autoencoder import Forward
from trainables.saes.stacking import total


@dataclass(frozen=True)
class Revival:
    """Of each member: the weight of AuxK, and the samples without firing after which a latent is dead."""

    weights: Sequence[float]
    windows: Sequence[int]


class StackedStep:
    """Steps on rows of inputs (n, r), which all members may share.

    silent_for (S, 1, f): samples since each latent fired. sums (S, 3): total loss, mean |x - x^|^2 and mean
    number of codes, added up over steps; who reads them sets them back.
    """

    def __init__(
        self,
        stack: Stack,
        inputs: Tensor,
        courses: Sequence[AdamSchedule],
        revival: Revival,
        precision: str,
        first: Sequence[Tensor | None] = (),
    ) -> None:
        """first: of each member the directions (f, r) that its decoder's rows stay near, if they are to."""
        self.sae, self.inputs, self.precision = stack.sae, inputs, precision
        like = stack.sae.decoder
        self.descent = StackedAdamStep(stack, [course.betas for course in courses], first)
        self.silent_for = like.new_zeros(len(stack), 1, like.shape[1])
        self.sums = like.new_zeros(len(stack), 3)
        self._parameters = list(stack.sae.parameters())
        self._windows = column(revival.windows, like)
        self._revival = column(revival.weights, like) if any(revival.weights) else None
        self._table = number_table(courses, like)
        self._numbers = self._table.new_zeros(self._table.shape[1:])
        self._k_table = k_table(stack.members, len(self._table))
        if self._k_table is not None:
            assert isinstance(self.sae, KSae)
            self.sae.fewer = torch.zeros_like(self._k_table.ks[0])

    def now(self, step: int) -> int:
        """Put the numbers of `step` (from 0) in their places; equal answers mean steps of equal shapes."""
        self._numbers.copy_(self._table[step])
        if self._k_table is None:
            return 0
        assert isinstance(self.sae, KSae)
        assert self.sae.fewer is not None
        self.sae.fewer.copy_(self._k_table.ks[step])
        self.sae.current_k = self._k_table.largest[step]
        return self.sae.current_k

    def take(self, rows: Tensor) -> None:
        """Change every member by one step on its rows (S, b) of the inputs."""
        x = self.inputs[rows]
        rate, root, penalty_factor = self._numbers
        forward, loss = self._loss(x, penalty_factor)
        gradients = torch.autograd.grad(loss.sum(), self._parameters)
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            parameter.grad = gradient
        self.descent.descend(rate, root)
        self.sae.zero_grad()
        with torch.no_grad():
            self.sae.end_step(forward)
            self._record(forward, loss)

    def dead(self) -> Tensor:
        """Which latents have not fired for a whole window (S, 1, f), bool."""
        return self.silent_for > self._windows

    def _loss(self, x: Tensor, penalty_factor: Tensor) -> tuple[Forward, Tensor]:
        """The pass over x (S, b, r) and each member's total loss (S, 1, 1)."""
        with autocast(x.device, self.precision):
            forward = self.sae(x)
            loss = self.sae.reconstruction_loss(forward)
            penalty = self.sae.penalty(forward)
            if penalty is not None:
                loss = loss + penalty_factor * penalty
            if self._revival is not None:
                revived = stacked_auxk_loss(forward.residual, forward.u, self.sae.decoder, self.dead())
                loss = loss + self._revival * revived
        return forward, loss

    def _record(self, forward: Forward, loss: Tensor) -> None:
        fired, size = forward.z > 0, forward.z.shape[-2]
        squared_error = total(forward.residual.square()) / size
        self.sums += torch.cat([loss, squared_error, total(fired) / size], dim=-1).squeeze(1)
        silent = (self.silent_for + size).masked_fill_(fired.any(-2, keepdim=True), 0.0)
        self.silent_for.copy_(silent)

"""From the gradients of a stack to its next weights: each member's own norm, rate and betas."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from trainables.sae_training.held import near
from trainables.sae_training.stacks.stack import Stack, column, parts_of
from trainables.sae_training.steps.step import MAX_GRADIENT_NORM

EPSILON = 1e-8


class StackedAdamStep:
    """Adam as in torch, on tensors that hold all members; moments by the parameter's name.

    What is frozen has gradient 0, hence no part in the norm, no moments and no steps.
    """

    def __init__(
        self, stack: Stack, betas: Sequence[tuple[float, float]], first: Sequence[Tensor | None] = ()
    ) -> None:
        self.sae = stack.sae
        like = stack.sae.decoder
        self._take1 = column([1 - first for first, _ in betas], like)
        self._take2 = column([1 - second for _, second in betas], like)
        self._frozen = {
            name: column(frozen, like) > 0
            for name in ("decoder", "encoder")
            if any(frozen := [not member.get_parameter(name).requires_grad for member in stack.members])
        }
        self._near = [(place, rows) for place, rows in enumerate(first) if rows is not None]
        self.moments = {
            name: (torch.zeros_like(parameter), torch.zeros_like(parameter))
            for name, parameter in stack.sae.named_parameters()
        }

    @torch.no_grad()
    def descend(self, rate: Tensor, root: Tensor) -> None:
        """Project, clip at norm 1, step, unit rows; rate (S, 1, 1) is over 1 - b1^t, root (S, 1, 1) is
        1 / sqrt(1 - b2^t)."""
        for name, mask in self._frozen.items():
            _gradient(self.sae.get_parameter(name)).masked_fill_(mask, 0.0)
        self.sae.project_decoder_gradient()
        clip = (MAX_GRADIENT_NORM / (self._norm() + 1e-6)).clamp(max=1.0)
        for name, parameter in self.sae.named_parameters():
            mean, square = self.moments[name]
            gradient = _gradient(parameter) * clip
            mean.lerp_(gradient, self._take1)
            square.lerp_(gradient.square(), self._take2)
            parameter.addcdiv_(-rate * mean, square.sqrt().mul_(root).add_(EPSILON))
        self.sae.normalise_decoder()
        for place, rows in self._near:
            self.sae.decoder[place].copy_(near(self.sae.decoder[place], rows))

    def _norm(self) -> Tensor:
        """Of each member's gradients together (S, 1, 1)."""
        squares = [_gradient(each).square().sum((-2, -1), keepdim=True) for each in self.sae.parameters()]
        return torch.stack(squares).sum(0).sqrt()


def member_optimisers(stack: Stack, descent: StackedAdamStep) -> list[torch.optim.Optimizer]:
    """For each member an Adam that takes no steps: its moments are the member's parts of the stack's, where
    resampling finds them."""
    optimisers: list[torch.optim.Optimizer] = [
        torch.optim.Adam(member.parameters()) for member in stack.members
    ]
    for name, parameter in stack.members[0].named_parameters():
        pair = [parts_of(moments, parameter) for moments in descent.moments[name]]
        for member, optimiser, mean, square in zip(stack.members, optimisers, *pair, strict=True):
            optimiser.state[member.get_parameter(name)] = {"exp_avg": mean, "exp_avg_sq": square}
    return optimisers


def _gradient(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad

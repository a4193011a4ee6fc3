"""Training S SAEs of one shape at once: what `train_sae` would give each of them, up to rounding.

Every member has its own generator and draws from it in the order of a training by itself: first weights, the
rows' order of each epoch, restarts. Its rates, norm, dead latents, k and penalty are its own as well. Between
two steps nothing waits for the device except where latents are restarted; once an epoch the sums are read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from trainables.sae_training.consolidation import consolidated
from trainables.sae_training.held import hold
from trainables.sae_training.request import SaeOutcome, SaeResult, diverged
from trainables.sae_training.resampling import resample, resampling_steps
from trainables.sae_training.schedules import batches, dead_window, learning_rate, ramp
from trainables.sae_training.stacks.captured import Captured
from trainables.sae_training.stacks.descent import member_optimisers
from trainables.sae_training.stacks.schedule import AdamSchedule
from trainables.sae_training.stacks.stack import separate, stack
from trainables.sae_training.stacks.step import Revival, StackedStep
from trainables.saes.sparse_autoencoder import SparseAutoencoder

if TYPE_CHECKING:
    from trainables.sae_training.request import SaeRequest


def train_stack(requests: Sequence[SaeRequest], device: torch.device) -> list[SaeOutcome]:
    """Train requests of one `stack_key`; what became of each, in their order."""
    run = StackedTraining(requests, device)
    for epoch in range(run.epochs):
        run.train_epoch(epoch)
    return run.outcomes()


class Member:
    """One of the SAEs: what is its own and not part of a product."""

    def __init__(self, request: SaeRequest, device: torch.device, steps: int) -> None:
        config, y = request.config, request.y.to(device)
        self.config = config
        self.generator = torch.Generator().manual_seed(request.seed)
        self.sae: SparseAutoencoder = config.load_implementation()(config, y.shape[1]).to(device)
        self.sae.begin_step(0.0)
        self.sae.initialise(y, self.generator)
        self.first = hold(self.sae, request.held)
        self.resampled_before = resampling_steps(config.resample, steps)
        self.window = dead_window(config.dead_window, len(y) * request.epochs)
        self.course = AdamSchedule(
            [ramp(step, steps, config.warmup, config.decay) for step in range(steps)],
            learning_rate(config.width, config.learning_rate_scale),
            (config.beta1, config.beta2),
        )
        self.history: list[dict[str, float]] = []


class StackedTraining:
    """The state of one training of a stack."""

    def __init__(self, requests: Sequence[SaeRequest], device: torch.device) -> None:
        first = requests[0]
        self.epochs, self.rows = first.epochs, len(first.y)
        self.batches = batches(self.rows, first.config.batch_size)
        self.members = [Member(request, device, self.batches * self.epochs) for request in requests]
        stacked = stack([member.sae for member in self.members])
        inputs, self._offsets = _inputs(requests, self.members, device)
        revival = Revival(
            [request.config.auxk for request in requests], [member.window for member in self.members]
        )
        courses = [member.course for member in self.members]
        starts = [member.first for member in self.members]
        self.way = StackedStep(stacked, inputs, courses, revival, first.config.precision, starts)
        self._optimisers = member_optimisers(stacked, self.way.descent)
        self.captured = Captured(self.way.take, device) if device.type == "cuda" else None
        self._step = 0
        self._order = self._draw_order()

    def train_epoch(self, epoch: int) -> None:
        """One pass of each member in its own random order, in batches of equal size up to one row."""
        for rows in self._order.tensor_split(self.batches, dim=1):
            self._resample()
            shape = self.way.now(self._step)
            if self.captured is None:
                self.way.take(rows)
            else:
                self.captured(rows, shape)
            self._step += 1
        # Drawn while the device is still at work on this one.
        if epoch + 1 < self.epochs:
            self._order = self._draw_order()
        dead = self.way.dead().sum(-1)
        figures = torch.cat([self.way.sums / self.batches, dead], dim=1).tolist()
        self.way.sums.zero_()
        for member, (loss, squared_error, l0, dead) in zip(self.members, figures, strict=True):
            member.history.append({"loss": loss, "squared_error": squared_error, "l0": l0, "dead": dead})

    def outcomes(self) -> list[SaeOutcome]:
        """The SAEs as they are used: calibrated on all inputs, for reading only; or when they diverged."""
        return [self._outcome(place) for place in range(len(self.members))]

    @torch.no_grad()
    def _outcome(self, place: int) -> SaeOutcome:
        member = self.members[place]
        for epoch, figures in enumerate(member.history):
            if not math.isfinite(figures["loss"]):
                return diverged(figures["loss"], epoch + 1, self.epochs)
        sae = separate(member.sae)
        sae.begin_step(1.0)
        left = consolidated(sae.requires_grad_(False).eval(), member.config, self._inputs_of(place))
        return SaeResult(left.sae, tuple(member.history), left.rare, left.merged)

    def _inputs_of(self, place: int) -> Tensor:
        """x (n, r) of one member."""
        start = self._offsets[place]
        return self.way.inputs[start : start + self.rows]

    def _draw_order(self) -> Tensor:
        """(S, n): for each member the rows of its inputs in the order of the next epoch."""
        orders = [
            torch.randperm(self.rows, generator=member.generator) + offset
            for member, offset in zip(self.members, self._offsets, strict=True)
        ]
        order, device = torch.stack(orders), self.way.inputs.device
        return order.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else order.to(device)

    def _resample(self) -> None:
        """Restart the dead latents of those members whose time it is."""
        due = [place for place, member in enumerate(self.members) if self._step in member.resampled_before]
        if not due:
            return
        is_dead = self.way.dead()
        for place in due:
            member, dead = self.members[place], is_dead[place, 0].nonzero().squeeze(1)
            if len(dead):
                # It still has the k of the step before.
                member.sae.begin_step((self._step - 1) / (self.batches * self.epochs))
                x = self._inputs_of(place)
                resample(member.sae, self._optimisers[place], x, dead, member.generator)
                self.way.silent_for[place, 0, dead] = 0.0


def _inputs(
    requests: Sequence[SaeRequest], members: Sequence[Member], device: torch.device
) -> tuple[Tensor, list[int]]:
    """Scaled inputs of all members below one another (m n, r), each different one once; where each begins."""
    parts: list[Tensor] = []
    places: dict[int, int] = {}
    offsets = []
    for request, member in zip(requests, members, strict=True):
        if id(request.y) not in places:
            places[id(request.y)] = len(parts) * len(request.y)
            # The scale follows from y alone.
            parts.append(request.y.to(device) * member.sae.scale)
        offsets.append(places[id(request.y)])
    return torch.cat(parts), offsets

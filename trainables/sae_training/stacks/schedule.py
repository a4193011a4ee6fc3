"""Everything that a step's number decides for the members of a stack, computed before the first step.

A captured step reads numbers from fixed places of the device's memory. What changes from step to step is
therefore a row of a table that is copied there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.saes.k_codes import KSae
from trainables.saes.sparse_autoencoder import SparseAutoencoder


@dataclass(frozen=True)
class AdamSchedule:
    """Of one member: factors of rate and penalty for each step, peak rate and betas."""

    factors: Sequence[tuple[float, float]]
    rate: float
    betas: tuple[float, float]


def number_table(courses: Sequence[AdamSchedule], like: Tensor) -> Tensor:
    """Of each step and member (steps, 3, S, 1, 1): Adam's rate / (1 - b1^t), 1 / sqrt(1 - b2^t), and the
    penalty's factor."""
    columns = torch.stack([_numbers(course) for course in courses], dim=-1)
    return columns[..., None, None].to(like.dtype).to(like.device)


def _numbers(course: AdamSchedule) -> Tensor:
    """(steps, 3) in float64."""
    factors = torch.tensor(course.factors, dtype=torch.float64).view(-1, 2)
    t = torch.arange(1, len(factors) + 1, dtype=torch.float64)
    first, second = (1 - torch.tensor(beta, dtype=torch.float64) ** t for beta in course.betas)
    return torch.stack([course.rate * factors[:, 0] / first, second.rsqrt(), factors[:, 1]], dim=1)


@dataclass(frozen=True)
class KTable:
    """ks (steps, S, 1, 1), each member's number of codes; largest: how many each step looks for.

    These are powers of two where k falls from step to step, so that a training has few different shapes, and
    each shape's search is at most twice too wide.
    """

    ks: Tensor
    largest: tuple[int, ...]


def k_table(members: Sequence[SparseAutoencoder], steps: int) -> KTable | None:
    """Of a training in so many steps; None where all members keep the same k all the time."""
    kept = [_ks(member, steps) for member in members if isinstance(member, KSae)]
    if len({k for each in kept for k in each}) <= 1:
        return None
    ks = torch.tensor(kept).T.contiguous()
    most = ks.amax(1).tolist()
    ceiling = max(most)
    widths = {k: k if k == min(most) else min(ceiling, 1 << (k - 1).bit_length()) for k in set(most)}
    device = members[0].decoder.device
    return KTable(ks[..., None, None].to(device), tuple(widths[k] for k in most))


def _ks(member: KSae, steps: int) -> list[int]:
    found = []
    for step in range(steps):
        member.begin_step(step / steps)
        found.append(member.current_k)
    member.begin_step(0.0)
    return found

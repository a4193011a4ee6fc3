"""Many SAEs of one shape as one, see `stacking`, while each can still be looked at by itself."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from trainables.saes.k_codes import KSae
from trainables.saes.sparse_autoencoder import SparseAutoencoder


@dataclass(frozen=True)
class Stack:
    """`sae` computes for all members at once; the members' tensors are parts of its tensors."""

    sae: SparseAutoencoder
    members: tuple[SparseAutoencoder, ...]

    def __len__(self) -> int:
        return len(self.members)


def stack(members: Sequence[SparseAutoencoder]) -> Stack:
    """Put SAEs of one class and shape into one; they become views of it: what changes one changes both."""
    first = members[0]
    whole = copy.deepcopy(first).requires_grad_(True)
    for name, parameter in first.named_parameters():
        tensors = [member.get_parameter(name) for member in members]
        setattr(whole, name, nn.Parameter(_joined([tensor.detach() for tensor in tensors])))
        for tensor, part in zip(
            tensors, parts_of(whole.get_parameter(name).detach(), parameter), strict=True
        ):
            tensor.data = part
    for name, buffer in first.named_buffers():
        setattr(whole, name, _joined([member.get_buffer(name) for member in members]))
        for member, part in zip(members, parts_of(whole.get_buffer(name), buffer), strict=True):
            setattr(member, name, part)
    for name in first.HYPERPARAMETERS:
        values = [float(getattr(member, name)) for member in members]
        setattr(whole, name, column(values, first.decoder))
    if isinstance(whole, KSae):
        set_ks(whole, [member.k for member in members if isinstance(member, KSae)])
    return Stack(whole, tuple(members))


def set_ks(whole: KSae, ks: Sequence[int]) -> None:
    """Let each member of a stack keep its own number of codes from now on."""
    whole.current_k = max(ks)
    whole.fewer = None
    if min(ks) < max(ks):
        whole.fewer = torch.tensor(ks, device=whole.decoder.device).view(-1, 1, 1)


def separate(member: SparseAutoencoder) -> SparseAutoencoder:
    """Give a member tensors of its own, so that it neither changes with the stack nor keeps it in memory."""
    for parameter in member.parameters():
        parameter.data = parameter.data.clone()
    for name, buffer in list(member.named_buffers()):
        setattr(member, name, buffer.clone())
    return member


def column(values: Sequence[float], like: Tensor) -> Tensor:
    """One number a member (S, 1, 1)."""
    return torch.tensor(values, dtype=like.dtype, device=like.device).view(-1, 1, 1)


def parts_of(values: Tensor, like: Tensor) -> list[Tensor]:
    """The members' parts of a stack's tensor, in the shape of a member's tensor `like`."""
    parts = [values[place] for place in range(len(values))]
    if like.dim() == 2:
        return parts
    return [part[0] if like.dim() == 1 else part[0, 0] for part in parts]


def _joined(tensors: Sequence[Tensor]) -> Tensor:
    """One tensor of three dimensions, each part in memory as it was."""
    if tensors[0].dim() == 2 and not tensors[0].is_contiguous():
        return torch.stack([tensor.T for tensor in tensors]).transpose(1, 2)
    joined = torch.stack(list(tensors))
    return joined if joined.dim() == 3 else joined.view(len(tensors), 1, -1)

"""A training's live tensors: kept, and taken up again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import nn


def begin_moments(
    optimizer: torch.optim.Optimizer, parameters: Iterable[nn.Parameter], device: torch.device
) -> None:
    """Adam's state before its first step, which it would else only make then."""
    for parameter in parameters:
        optimizer.state[parameter] = {
            "step": torch.zeros((), device=device),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }


def moments(
    optimizer: torch.optim.Optimizer, parameters: Mapping[str, nn.Parameter]
) -> dict[str, torch.Tensor]:
    """Adam's live state by flat names."""
    return {
        f"adam.{moment}.{name}": tensor
        for name, parameter in parameters.items()
        for moment, tensor in optimizer.state[parameter].items()
    }


def copied(state: Mapping[str, torch.Tensor], epoch: int) -> dict[str, torch.Tensor]:
    """Copies of the live tensors, and the epoch."""
    return {
        "epoch": torch.tensor(epoch),
        **{name: tensor.detach().clone() for name, tensor in state.items()},
    }


def load(state: Mapping[str, torch.Tensor], tensors: Mapping[str, torch.Tensor]) -> int:
    """Fill the live tensors from `copied`; the epoch. ValueError, nothing changed, if they do not fit."""
    differing = {*state, "epoch"} ^ set(tensors)
    differing |= {name for name in state if name in tensors and tensors[name].shape != state[name].shape}
    if differing:
        raise ValueError(f"the state is another classifier's: {', '.join(sorted(differing))} do not fit")
    with torch.no_grad():
        for name, tensor in state.items():
            tensor.copy_(tensors[name])
    return int(tensors["epoch"])

"""SAE requests and results as they go from process to process: settings, numbers and numpy arrays.

Ray keeps arrays in shared memory and hands them out without a copy, read-only; tensors it would pickle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from trainables.sae_training.held import Held
from trainables.sae_training.request import SaeRequest, SaeResult
from trainables.saes.shell import sae_from
from trainables.settings.sae import SaeTrainingConfig

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class RequestMessage:
    """A `SaeRequest` without its y (n, r), which travels beside it, once for all that share it."""

    config: SaeTrainingConfig
    epochs: int
    seed: int
    held: Held

    @staticmethod
    def of(request: SaeRequest) -> RequestMessage:
        """What the request says."""
        return RequestMessage(request.config, request.epochs, request.seed, request.held)

    def request(self, y: Tensor) -> SaeRequest:
        """The request that the message was made of, with its inputs y (n, d)."""
        return SaeRequest(self.config, y, self.epochs, self.seed, self.held)


@dataclass(frozen=True)
class ResultMessage:
    """A trained SAE's weights and history, and how many SAEs were trained in its batch."""

    weights: dict[str, Array]
    history: tuple[dict[str, float], ...]
    batch: int
    rare: int = 0
    merged: int = 0

    @staticmethod
    def of(result: SaeResult, batch: int) -> ResultMessage:
        """What the result says."""
        weights = {name: array_of(tensor) for name, tensor in result.sae.state_dict().items()}
        return ResultMessage(weights, result.history, batch, result.rare, result.merged)

    def result(self, request: SaeRequest, device: torch.device) -> SaeResult:
        """The result again, for the request it answers, on `device`."""
        tensors = {name: torch.tensor(array) for name, array in self.weights.items()}
        sae = sae_from(request.config, tensors).requires_grad_(False).eval().to(device)
        return SaeResult(sae, self.history, self.rare, self.merged)


@dataclass(frozen=True)
class Diverged:
    """The training left the finite numbers; `reason` is TrialDiverged's text."""

    reason: str


Answer = ResultMessage | Diverged | None
"""None: nobody else wanted an SAE of this shape, or the round went wrong; the asker trains it itself."""


def array_of(tensor: Tensor) -> Array:
    """The tensor's values, copied only if they lie on a GPU."""
    array: Array = tensor.detach().cpu().numpy()
    return array


def tensors_of(arrays: Sequence[Array]) -> list[Tensor]:
    """Copies of the arrays, which may be read-only; one tensor for all that are the same memory."""
    made: dict[tuple[Any, ...], Tensor] = {}
    for array in arrays:
        if _place(array) not in made:
            made[_place(array)] = torch.tensor(array)
    return [made[_place(array)] for array in arrays]


def _place(array: Array) -> tuple[Any, ...]:
    return (array.__array_interface__["data"][0], array.shape, array.strides)

"""What it takes to train an SAE, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from trainables.errors import TrialDiverged
from trainables.sae_training.held import Held
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.settings.sae import SaeTrainingConfig


@dataclass(frozen=True)
class SaeRequest:
    """The arguments of one `train_sae`; y (n, r) are the basis' outputs."""

    config: SaeTrainingConfig
    y: Tensor
    epochs: int
    seed: int
    held: Held = "nothing"


@dataclass(frozen=True)
class SaeResult:
    """A trained SAE and, per epoch, the means `loss`, `squared_error`, `l0` and the count `dead`.

    rare, merged: latents that the last step took out, see `consolidation`.
    """

    sae: SparseAutoencoder
    history: tuple[dict[str, float], ...]
    rare: int = 0
    merged: int = 0


SaeOutcome = SaeResult | TrialDiverged
"""Of one training among several: what it gave, or why it ended."""


def result_of(outcome: SaeOutcome) -> SaeResult:
    """The result. Raises TrialDiverged if there is none."""
    if isinstance(outcome, TrialDiverged):
        raise outcome
    return outcome


def diverged(loss: float, epoch: int, epochs: int) -> TrialDiverged:
    """Why a training ended after `epoch` (from 1) of `epochs`."""
    return TrialDiverged(f"the SAE's loss is {loss} after epoch {epoch} of {epochs}")

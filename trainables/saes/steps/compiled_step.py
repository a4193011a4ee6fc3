"""The steps that use compiled kernels, put together for a kind."""

from __future__ import annotations

import torch

from trainables.saes.batch_topk import BatchTopKSae
from trainables.saes.relu import ReluSae
from trainables.saes.relu_target import ReluTargetSae
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.saes.steps.batch_selection import BatchSelection
from trainables.saes.steps.descent import Descent
from trainables.saes.steps.plain import PlainStep
from trainables.saes.steps.positive_selection import PositiveSelection
from trainables.saes.steps.relu import ReluStep
from trainables.saes.steps.row_selection import RowSelection
from trainables.saes.steps.sparse import SparseStep
from trainables.saes.topk import TopKSae
from trainables.settings.sae import SaeTraining


def compiled_step(
    config: SaeTraining,
    sae: SparseAutoencoder,
    optimiser: torch.optim.Optimizer,
    plain: PlainStep,
    rows: int,
) -> SparseStep:
    """The sparse step with the kind's selection; behind it, for steps with many codes, its best dense one."""
    descent = Descent(sae, optimiser)
    if isinstance(sae, ReluSae | ReluTargetSae):
        dense = ReluStep(config.auxk, sae, descent, rows)
        positive = PositiveSelection(sae, rows)
        return SparseStep(config.auxk, sae, positive, descent, dense, rows)
    if isinstance(sae, BatchTopKSae):
        return SparseStep(config.auxk, sae, BatchSelection(sae, rows), descent, plain, rows)
    assert isinstance(sae, TopKSae)
    return SparseStep(config.auxk, sae, RowSelection(sae), descent, plain, rows)

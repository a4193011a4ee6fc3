"""The compiled steps put together: a selection, and the dense step that takes over while codes are many."""

from __future__ import annotations

from trainables.sae_training.steps.batch_selection import BatchSelection
from trainables.sae_training.steps.descent import AdamStep
from trainables.sae_training.steps.plain import PlainStep
from trainables.sae_training.steps.positive_selection import PositiveSelection
from trainables.sae_training.steps.relu import ReluStep
from trainables.sae_training.steps.row_selection import RowSelection
from trainables.sae_training.steps.sparse import SparseStep
from trainables.saes.batch_topk import BatchTopKSae
from trainables.saes.relu import ReluSae
from trainables.saes.relu_target import ReluTargetSae
from trainables.saes.topk import TopKSae


def topk_step(sae: TopKSae, plain: PlainStep, rows: int) -> SparseStep:
    """A step for batches of at most `rows`."""
    descent = AdamStep(sae, plain.optimiser)
    return SparseStep(plain.config.auxk, sae, RowSelection(sae), descent, plain, rows)


def batch_topk_step(sae: BatchTopKSae, plain: PlainStep, rows: int) -> SparseStep:
    """A step for batches of at most `rows`."""
    descent = AdamStep(sae, plain.optimiser)
    return SparseStep(plain.config.auxk, sae, BatchSelection(sae, rows), descent, plain, rows)


def relu_step(sae: ReluSae | ReluTargetSae, plain: PlainStep, rows: int) -> SparseStep:
    """A step for batches of at most `rows`."""
    descent = AdamStep(sae, plain.optimiser)
    dense = ReluStep(plain.config.auxk, sae, descent, rows)
    return SparseStep(plain.config.auxk, sae, PositiveSelection(sae, rows), descent, dense, rows)

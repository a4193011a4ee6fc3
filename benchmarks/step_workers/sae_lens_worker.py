"""SAELens' trainer on an iterator of activations."""

from __future__ import annotations

from importlib.metadata import version
from itertools import repeat

import torch
from sae_lens.config import SAETrainerConfig
from sae_lens.saes.batchtopk_sae import BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig
from sae_lens.saes.standard_sae import StandardTrainingSAE, StandardTrainingSAEConfig
from sae_lens.saes.topk_sae import TopKTrainingSAE, TopKTrainingSAEConfig
from sae_lens.training.sae_trainer import SAETrainer
from serve import BATCH, SIZE, K, TakeStep, serve
from torch import Tensor


def build(kind: str, width: int) -> TakeStep | None:
    """One step of `SAETrainer.fit`, without logging."""
    shape = {"d_in": SIZE, "d_sae": width}
    if kind == "topk":
        sae = TopKTrainingSAE(TopKTrainingSAEConfig(k=K, **shape))
    elif kind == "batch_topk":
        sae = BatchTopKTrainingSAE(BatchTopKTrainingSAEConfig(k=K, **shape))
    else:
        sae = StandardTrainingSAE(StandardTrainingSAEConfig(l1_coefficient=0.1, **shape))
    settings = SAETrainerConfig(
        total_training_samples=10**9, train_batch_size_samples=BATCH, lr=1e-6, lr_end=1e-7, device="cpu"
    )
    trainer = SAETrainer(settings, sae, repeat(torch.zeros(BATCH, SIZE)))

    def take(x: Tensor) -> None:
        trainer.maybe_reset_sparsity()
        trainer.step(x)
        trainer.n_training_steps += 1

    return take


if __name__ == "__main__":
    serve("SAELens", version("sae-lens"), build)

"""sae-search's own training, as a trial runs it, in batches of 1024."""

from __future__ import annotations

import trainables  # noqa: F401  # first: it says how OpenMP's threads wait, which torch reads once

# isort: split
import torch
from serve import BATCH, K, TakeStep, inputs, serve
from torch import Tensor

from trainables import registry
from trainables.config import KINDS
from trainables.sae_training.train import Training
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.saes.start import cut_for_l0

KIND = {"l1": "relu", "l1_sparse": "relu", "topk": "topk", "batch_topk": "batch_topk"}
# At the least rate codes stay as many as they were at the start, whatever the number of steps.
SLOW = 1e-3


def build(kind: str, width: int) -> TakeStep | None:
    """One step of `Training`, with all it keeps account of."""
    fields = {"width": width, "batch_size": BATCH, "k": K, "l1": 0.1, "learning_rate_scale": SLOW}
    model = KINDS["sae"][KIND[kind]]
    config = model(**{name: value for name, value in fields.items() if name in model.model_fields})
    x = inputs()
    sae: SparseAutoencoder = registry.SAES[KIND[kind]].load_implementation()(config, x.shape[1])
    sae.initialise(x, torch.Generator().manual_seed(0))
    if kind == "l1_sparse":
        with torch.no_grad():
            sae.encoder_bias.sub_(cut_for_l0(sae.encode_scaled(x[:BATCH])[0], K))
    training = Training(config, sae, x * sae.scale, 1_000_000, torch.Generator())  # type: ignore[arg-type]

    def take(batch: Tensor) -> None:
        training.train_step(batch)

    return take


if __name__ == "__main__":
    serve("sae-search", "this tree", build)

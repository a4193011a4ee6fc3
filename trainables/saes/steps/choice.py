"""Which way a training takes its steps.

topk, batch_topk, matryoshka   sparse, where k is at most a third of the width; plain while it is more
relu, relu_target              dense without autograd; sparse as soon as few enough codes are active
all others, GPUs, a decoder that is not trained, an interpreter without numba    plain
"""

from __future__ import annotations

from importlib.util import find_spec

import torch

from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.saes.steps.plain import PlainStep
from trainables.saes.steps.step import Step
from trainables.settings.sae import SaeTraining

FAST_KINDS = frozenset({"topk", "batch_topk", "matryoshka", "relu", "relu_target"})


def fast(kind: str, device: torch.device, trains_decoder: bool = True) -> bool:
    """Whether this interpreter has a step for the kind that is not the plain one."""
    return kind in FAST_KINDS and device.type == "cpu" and trains_decoder and find_spec("numba") is not None


def choose_step(
    config: SaeTraining, sae: SparseAutoencoder, optimiser: torch.optim.Optimizer, rows: int
) -> Step:
    """The step for a training in batches of at most `rows`."""
    plain = PlainStep(config, sae, optimiser)
    kind: str = config.kind  # type: ignore[attr-defined]  # every kind's config names itself
    if not fast(kind, sae.decoder.device, sae.decoder.requires_grad):
        return plain
    # Only here, since numba takes as long to import as a small training takes.
    from trainables.saes.steps.compiled_step import compiled_step

    return compiled_step(config, sae, optimiser, plain, rows)

"""Which way a training takes its steps.

| kind | on a CPU |
|---|---|
| topk, batch_topk, matryoshka | sparse, while k is at most `K_SHARE` of the width; plain while it is more |
| relu, relu_target | without autograd; sparse as soon as at most `RELU_SHARE` of the codes are active |
| others | plain |

Plain, too, are GPUs, a decoder that is not trained, and an interpreter without numba.
"""

from __future__ import annotations

from importlib.util import find_spec

import torch

from trainables import registry
from trainables.sae_training.steps.plain import PlainStep
from trainables.sae_training.steps.step import Step
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.settings.sae import SaeTrainingConfig

# By name, since numba takes as long to import as a small training takes.
COMPILED_STEPS = {
    "relu": "trainables.sae_training.steps.compiled_step:relu_step",
    "relu_target": "trainables.sae_training.steps.compiled_step:relu_step",
    "topk": "trainables.sae_training.steps.compiled_step:topk_step",
    "batch_topk": "trainables.sae_training.steps.compiled_step:batch_topk_step",
    "matryoshka": "trainables.sae_training.steps.compiled_step:batch_topk_step",
}


def takes_compiled_steps(kind: str, device: torch.device) -> bool:
    """Whether this interpreter has a compiled step for the kind on the device."""
    return kind in COMPILED_STEPS and device.type == "cpu" and find_spec("numba") is not None


def choose_step(
    config: SaeTrainingConfig, sae: SparseAutoencoder, optimiser: torch.optim.Optimizer, rows: int
) -> Step:
    """The step for a training in batches of at most `rows`."""
    plain = PlainStep(config, sae, optimiser)
    kind: str = config.kind  # type: ignore[attr-defined]  # every kind's config names itself
    if not (takes_compiled_steps(kind, sae.decoder.device) and sae.decoder.requires_grad):
        return plain
    step: Step = registry.load(COMPILED_STEPS, kind)(sae, plain, rows)
    return step

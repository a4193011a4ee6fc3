"""Which way a training takes its steps.

| kind | on a CPU |
|---|---|
| topk, batch_topk, matryoshka | sparse, while k is at most `K_SHARE` of the width; plain while it is more |
| relu, relu_target | without autograd; sparse as soon as at most `RELU_SHARE` of the codes are active |
| others | plain |

Plain, too, are GPUs, an SAE of which a part is not trained, and an interpreter without numba.
"""

from __future__ import annotations

from importlib.util import find_spec

import torch

from trainables.foreign import import_object
from trainables.sae_training.steps.plain import PlainStep
from trainables.sae_training.steps.step import Step
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.settings.sae import SaeTrainingConfig


def takes_compiled_steps(config: SaeTrainingConfig, device: torch.device) -> bool:
    """Whether this interpreter has a compiled step for the config's kind on the device."""
    return bool(_compiled_step(config)) and device.type == "cpu" and find_spec("numba") is not None


def choose_step(
    config: SaeTrainingConfig, sae: SparseAutoencoder, optimiser: torch.optim.Optimizer, rows: int
) -> Step:
    """The step for a training in batches of at most `rows`."""
    plain = PlainStep(config, sae, optimiser)
    learns = sae.decoder.requires_grad and sae.encoder.requires_grad
    if not (learns and takes_compiled_steps(config, sae.decoder.device)):
        return plain
    step: Step = import_object(_compiled_step(config))(sae, plain, rows)
    return step


def _compiled_step(config: SaeTrainingConfig) -> str:
    """The kind's own: what it inherits is the step of another implementation.

    By name, since numba takes as long to import as a small training takes.
    """
    return str(vars(type(config)).get("compiled_step", ""))

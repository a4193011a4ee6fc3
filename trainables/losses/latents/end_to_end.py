"""What the rest of the network makes of a reconstruction."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def reconstructed_ce(reconstructed: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy in nats of the logits of reconstructions (b, classes) with labels (b,)."""
    return functional.cross_entropy(reconstructed, labels)


def reconstructed_kl(reconstructed: Tensor, clean: Tensor) -> Tensor:
    """mean_b KL(softmax clean || softmax reconstructed) in nats, both logits (b, classes); clean is constant.

    Braun et al. 2024 (arXiv 2405.12241) train SAEs on it: the reconstruction should do what the activation
    does, right or wrong.
    """
    return functional.kl_div(
        reconstructed.log_softmax(dim=1),
        clean.detach().log_softmax(dim=1),
        reduction="batchmean",
        log_target=True,
    )

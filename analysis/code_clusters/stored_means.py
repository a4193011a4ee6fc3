"""The mean codes that a finished trial left beside its checkpoint."""

from __future__ import annotations

import logging
from pathlib import Path

import torch
from torch import Tensor

from trainables.pipeline.pipeline import MEAN_CODES
from trainables.storage import tensor_folder

logger = logging.getLogger(__name__)


def stored_means(folder: Path, identity: str | None, latents: int) -> Tensor | None:
    """Mean codes (c, 3, latents) of the clusters inside classes, NaN where there is no cluster.

    None if the trial's `folder` has none, or has some of another training (by `identity`).
    """
    try:
        tensors, meta = tensor_folder.read(folder / MEAN_CODES)
    except FileNotFoundError:
        return None
    except tensor_folder.DamagedError as error:
        logger.warning("mean codes are found anew: %s", error)
        return None
    means, sizes = tensors.get("clusters"), tensors.get("cluster_sizes")
    if meta.get("identity") != identity or means is None or sizes is None:
        return None
    if means.ndim != 3 or means.shape[2] != latents or sizes.shape != means.shape[:2]:
        return None
    return torch.where(sizes[..., None] > 0, means, torch.nan)

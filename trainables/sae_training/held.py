"""What of an SAE keeps to its random start, for controls that ask what the learning of it is worth.

    nothing           all weights learn
    decoder           the rows stay the unit directions they begin as
    decoder_softly    a row may turn, but keeps a cosine of at least .8 to the direction it begins as
    encoder           the encoder's columns stay; biases and decoder learn
Korznikov et al. 2026 (arXiv 2602.14111) compare trained SAEs with the last three.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.saes.sparse_autoencoder import SparseAutoencoder

Held = Literal["nothing", "decoder", "decoder_softly", "encoder"]
LEAST_COSINE = 0.8


def hold(sae: SparseAutoencoder, held: Held) -> Tensor | None:
    """Take from the training what is held still; the rows (f, r) to stay near, where they are held softly."""
    sae.decoder.requires_grad_(held != "decoder")
    sae.encoder.requires_grad_(held != "encoder")
    return sae.decoder.detach().clone() if held == "decoder_softly" else None


@torch.no_grad()
def near(rows: Tensor, first: Tensor, least: float = LEAST_COSINE) -> Tensor:
    """Unit rows (..., r), those with cos(d, d0) < least to unit rows `first` turned back until it is `least`.

    d' = least d0 + sqrt(1 - least^2) t, t the direction of d - cos(d, d0) d0; both where t has no direction.
    """
    cosine = (rows * first).sum(dim=-1, keepdim=True)
    across = F.normalize(rows - cosine * first, dim=-1)
    turned = F.normalize(least * first + math.sqrt(1 - least**2) * across, dim=-1)
    return torch.where(cosine < least, turned, rows)

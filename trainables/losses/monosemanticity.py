"""Hidden units that are on for images which look alike."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from trainables.bases.leading_components import NARROW, leading_components
from trainables.losses.training_batch import LossSetup, TrainingBatch

EMBEDDING_SIZE = 50
# Far below any sum of activations that are scaled to [0, 1]; guards units that are on for one image only.
NOTHING = 1e-6


class Monosemanticity(nn.Module):
    """1 - mean_j MS_j, in [0, 2]; MS_j: similarity of the images that unit j is on for, by its activation.

    MS_j = sum_{n<m} a_n a_m cos(E_n, E_m) / sum_{n<m} a_n a_m over the batch (Pach et al. 2025,
    arXiv 2504.02821), a = (h_j - min h_j) / (max h_j - min h_j), E fixed and independent of the network:
    the train images' leading 50 principal components, centred, so that a random pair has cosine about 0.
    With unit vectors e_n, q = |sum a_n e_n|^2, v = sum a_n^2 and s = sum a_n, both double sums are linear
    in the batch: MS = (q - v) / (s^2 - v). A unit that tells no two images apart counts with its null, 0.
    """

    embedding: torch.Tensor

    def __init__(self, setup: LossSetup) -> None:
        super().__init__()
        # Not persistent: a fixed function of the train images, which the trainer has anyway.
        self.register_buffer("embedding", pixel_embedding(setup.train.images), persistent=False)

    def forward(self, batch: TrainingBatch) -> torch.Tensor:
        """Scalar of one batch."""
        return 1 - monosemanticity(batch.hidden, self.embedding[batch.rows]).mean()


def monosemanticity(hidden: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
    """MS (d,) in [-1, 1] of hidden (b, d), with unit vectors embedding (b, e)."""
    low, high = hidden.amin(dim=0), hidden.amax(dim=0)
    varies = high > low
    scaled = (hidden - low) / torch.where(varies, high - low, 1)
    resultant = (scaled.t() @ embedding.to(hidden)).square().sum(dim=1)
    own = scaled.square().sum(dim=0)
    pairs = scaled.sum(dim=0).square() - own
    measurable = varies & (pairs > NOTHING)
    return torch.where(measurable, (resultant - own) / torch.where(measurable, pairs, 1), 0)


def pixel_embedding(images: torch.Tensor) -> torch.Tensor:
    """Leading 50 principal components (all, if there are fewer) of images (n, h, w) as unit vectors (n, e).

    Computed on the CPU, for images up to 64 x 64 in float64. An image at the mean has none of them and
    stays 0.
    """
    pixels = images.cpu().flatten(1)
    if pixels.shape[1] > NARROW:
        mean, components = leading_components(pixels, EMBEDDING_SIZE)
        return functional.normalize((pixels - mean.float()) @ components.float(), dim=1)
    pixels = pixels.double()
    centred = pixels - pixels.mean(dim=0)
    _, axes = torch.linalg.eigh(centred.t() @ centred)
    return functional.normalize(centred @ axes[:, -EMBEDDING_SIZE:], dim=1).float()

"""What clamping a latent does: to the logits, and to the picture that the hidden layer still holds.

h(c) = h + (c - 1) z_j d_j, that is the code z_j clamped to c times what it is, the SAE's error kept as in
`logit_contributions`. The picture is the ridge regression of the pixels on h over train,

    x^ = mean x + (h - mean h) W,   W = (H'H + ridge I)^-1 H'X

of centred H (n, d) and X (n, pixels): what a linear map reads back, and no more than that.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from analysis.features.feature import DOSES, DoseResponse
from analysis.features.observed import Observed
from trainables.validity.exhibits import spaced

IMAGES = 64
# Of the mean variance of a hidden unit, per image.
RIDGE = 1e-3


@dataclass(frozen=True)
class PixelReader:
    """h (b, d) -> images (b, h, w), by weights (d, pixels) and the two means."""

    weights: Tensor
    mean_hidden: Tensor
    mean_image: Tensor

    def __call__(self, h: Tensor) -> Tensor:
        flat = (h.double() - self.mean_hidden) @ self.weights
        return flat.view(len(h), *self.mean_image.shape) + self.mean_image


def pixel_reader(train: Observed) -> PixelReader:
    """Fitted on the train split; 0 weights where the network gives what is no number."""
    h, x = torch.nan_to_num(train.h.double()), train.images.double()
    mean_h, mean_x = h.mean(dim=0), x.mean(dim=0)
    centred = h - mean_h
    gram = centred.T @ centred
    ridge = RIDGE * gram.diagonal().mean() + 1e-12
    weights = torch.linalg.solve(
        gram + ridge * torch.eye(len(gram), dtype=gram.dtype, device=gram.device),
        centred.T @ (x - mean_x).flatten(1),
    )
    return PixelReader(weights, mean_h, mean_x)


@torch.no_grad()
def dose_response(observed: Observed, reader: PixelReader, latent: int, z: Tensor) -> DoseResponse:
    """Of one latent with codes z (n,); zeros where it is silent."""
    classes, shape = observed.logits.shape[1], observed.images.shape[1:]
    logits = z.new_zeros(len(DOSES), classes)
    says, pictures = torch.zeros_like(logits), z.new_zeros(len(DOSES), *shape)
    firing = int((z > 0).sum())
    if firing:
        at = spaced(z[:, None], min(IMAGES, firing), 1.0)[0]
        row = observed.decoder[latent]
        strongest = z.argmax()
        for place, dose in enumerate(DOSES):
            found = observed.model.head(torch.addr(observed.h[at], z[at], row, alpha=dose - 1))
            logits[place] = found.mean(dim=0)
            says[place] = F.one_hot(found.argmax(dim=1), classes).float().mean(dim=0)
            h = observed.h[strongest] + (dose - 1) * z[strongest] * row
            pictures[place] = reader(h[None])[0].float()
    return DoseResponse(*(torch.nan_to_num(v).cpu().numpy() for v in (logits, says, pictures)))

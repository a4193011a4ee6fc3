"""What a latent adds to the logits when it fires: by the weights, and measured by leaving it out.

The decoder is affine, so h = h^ + e without latent j, its error e kept, is h - z_j d_j, with d_j the decoder
row in the raw activation space.

    measured     1/n_j sum_{i: z_ij > 0}  head(h_i) - head(h_i - z_ij d_j)
    by weights   zbar_j d_j J,   zbar_j = mean of z_ij where it fires, J = mean over images of d head / dh

For a linear head both are the same; how far they differ says how far the head is from linear. Positive
means that the latent speaks for the class.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from analysis.features.observed import Observed

JACOBIAN_IMAGES = 1024


@dataclass
class MeasuredSums:
    """Sums over the images on which each of l latents fires, float64: of what it adds to the logits
    (l, classes); of rightly told images without it less those with it (l,); and how many they are (l,)."""

    contributions: Tensor
    rightly_told: Tensor
    firing: Tensor

    @classmethod
    def none(cls, n_latents: int, n_classes: int, device: torch.device) -> MeasuredSums:
        """Before the first image."""
        zeros = torch.zeros(n_latents, 2 + n_classes, dtype=torch.float64, device=device)
        return cls(zeros[:, 2:], zeros[:, 0], zeros[:, 1])

    @torch.no_grad()
    def add(self, observed: Observed, latents: Tensor, z: Tensor) -> None:
        """All images of `observed`, with the codes z (n, l) of latents (l,)."""
        right = observed.logits.argmax(dim=1) == observed.labels
        # Latent by latent: a gather of h and decoder rows for all pairs at once takes four times as long.
        for place, row in enumerate(observed.decoder[latents]):
            at = torch.nonzero(z[:, place] > 0)[:, 0]
            if not len(at):
                continue
            without = observed.model.head(torch.addr(observed.h[at], z[at, place], row, alpha=-1))
            self.contributions[place] += (observed.logits[at] - without).double().sum(dim=0)
            still_right = without.argmax(dim=1) == observed.labels[at]
            self.rightly_told[place] += still_right.sum() - right[at].sum()
            self.firing[place] += len(at)

    def mean_contributions(self) -> Tensor:
        """(l, classes); 0 for a latent that never fired."""
        return self.contributions / self.firing.clamp(min=1)[:, None]

    def accuracy_change(self) -> Tensor:
        """(l,) accuracy without the latent minus with it; 0 for a latent that never fired."""
        return self.rightly_told / self.firing.clamp(min=1)


def by_weights(observed: Observed, latents: Tensor, z: Tensor, jacobian: Tensor) -> Tensor:
    """(l, classes) float64 of latents (l,) with codes z (n, l) and the head's mean Jacobian (d, classes)."""
    mean = z.double().sum(dim=0) / (z > 0).sum(dim=0).clamp(min=1)
    return mean[:, None] * (observed.decoder[latents].double() @ jacobian.double())


def head_jacobian(observed: Observed, seed: int) -> Tensor:
    """J (d, classes), over at most 1,024 images."""
    h = observed.h[observed.sample(JACOBIAN_IMAGES, seed)].detach().requires_grad_()
    with torch.enable_grad():
        logits = observed.model.head(h).sum(dim=0)
        columns = [torch.autograd.grad(logit, h, retain_graph=True)[0].mean(dim=0) for logit in logits]
    return torch.stack(columns, dim=1)

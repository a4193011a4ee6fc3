"""What one pass over a split adds up for every latent."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from analysis.features.feature import N_TOP, NO_CLASS
from analysis.features.logit_contributions import MeasuredSums
from analysis.features.observed import Observed
from trainables.metrics.top_images import TopImages


class SplitSums:
    """Over the images i with codes z_i (f,): max z; firings and sum z by class; sum z x; the strongest
    images; and what `MeasuredSums` has."""

    def __init__(self, observed: Observed, n_classes: int) -> None:
        f, device = observed.n_latents, observed.device
        self.largest = torch.zeros(f, device=device)
        self.mass_by_class = torch.zeros(f, n_classes, dtype=torch.float64, device=device)
        self.firing_by_class = torch.zeros(f, n_classes, dtype=torch.float64, device=device)
        self.weighted_images = torch.zeros(f, *observed.images.shape[1:], device=device)
        self.strongest = TopImages(N_TOP, len(observed), device)
        self.images = observed.images
        self.measured = MeasuredSums.none(f, observed.logits.shape[1], device)
        start = 0
        for _, z in observed.encoded():
            self._add(observed.part(slice(start, start + len(z))), z)
            start += len(z)

    @torch.no_grad()
    def _add(self, part: Observed, z: Tensor) -> None:
        member = F.one_hot(part.labels, self.firing_by_class.shape[1]).to(z)
        self.largest = self.largest.maximum(z.amax(dim=0))
        self.strongest.update(z)
        self.mass_by_class += z.double().T @ member.double()
        self.firing_by_class += ((z > 0).to(z).T @ member).double()
        self.weighted_images += torch.einsum("bf,bhw->fhw", z, part.images)
        self.measured.add(part, torch.arange(z.shape[1], device=z.device), z)

    @property
    def firing(self) -> Tensor:
        """Images on which each latent fires: (f,) float64."""
        return self.firing_by_class.sum(dim=1)

    def class_given_active(self) -> np.ndarray:
        """P(class | active) (f, classes); 0 for a latent that is silent."""
        return np.asarray((self.firing_by_class / self.firing.clamp(min=1)[:, None]).cpu().numpy())

    @property
    def total(self) -> Tensor:
        """sum z (f,) float64."""
        return self.mass_by_class.sum(dim=1)

    def strongest_class(self) -> np.ndarray:
        """The class with the largest sum of codes (f,), the first of equal ones; -1 for a silent latent."""
        return np.asarray(
            torch.where(self.total > 0, self.mass_by_class.argmax(dim=1), NO_CLASS).cpu().numpy()
        )

    def mean_activation(self) -> Tensor:
        """Mean of the codes above 0: (f,); 0 for a latent that is silent."""
        return self.total / self.firing.clamp(min=1)

    def mean_images(self) -> Tensor:
        """sum z x / sum z (f, h, w) float32; 0 for a latent that is silent."""
        total = torch.where(self.total > 0, self.total, 1.0)
        return (self.weighted_images / total[:, None, None]).float()

    def strongest_images(self) -> Tensor:
        """Mean of the 16 images with the largest codes: (f, h, w) float32; 0 for a latent that is silent."""
        shape = self.weighted_images.shape
        sums, counts = torch.zeros_like(self.weighted_images), self.images.new_zeros(shape[0])
        for rows, fires in zip(self.strongest.images(), self.strongest.positive(), strict=True):
            sums += self.images[rows] * fires[:, None, None]
            counts += fires
        return sums / counts.clamp(min=1)[:, None, None]

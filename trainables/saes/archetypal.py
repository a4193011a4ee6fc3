"""Decoder rows that are mixtures of data points, so that every latent is a weighted list of real images.

Fel et al. 2025, "Archetypal SAE: Adaptive and Stable Dictionary Learning for Concept Extraction in Large
Vision Models" (arXiv 2502.12892), the relaxed form.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from trainables.saes.topk import TopKSae
from trainables.settings import archetypal as settings

# Weight of a row's own data point in its first mixture.
START_WEIGHT = 0.9


class ArchetypalSae(TopKSae):
    """TopK codes over rows that cannot leave the data:

    a_j = sum_m softmax(mixture_j)_m p_m,   d_j = (a_j + e_j) / |a_j + e_j|,   |e_j| <= deviation |a_j|,

    with p_m (r,) the first train inputs, the same whatever the seed; row j starts near one of its own. The
    decoder holds the rows ready for use; its gradient goes on to mixtures and shifts before every step.
    """

    # They get the decoder's gradient, exactly, but only when a step asks for it.
    SURROGATE_GRADIENTS = frozenset({"mixture", "shift"})

    OF_NO_LATENT = TopKSae.OF_NO_LATENT | {"points"}

    points: Tensor

    def __init__(self, config: settings.ArchetypalSaeConfig, input_size: int) -> None:
        super().__init__(config, input_size)
        self.deviation = config.deviation
        self.register_buffer("points", torch.zeros(config.points, input_size))
        self.mixture = nn.Parameter(torch.zeros(config.width, config.points))
        self.shift = nn.Parameter(torch.zeros(config.width, input_size))
        self._own = torch.zeros(0, dtype=torch.int64)

    @torch.no_grad()
    def initialise(self, y: Tensor, generator: torch.Generator) -> None:
        """As all kinds; the generator says which point each row starts at."""
        self._own = torch.randperm(max(self.mixture.shape), generator=generator) % len(self.points)
        super().initialise(y, generator)

    def fit_start(self, x: Tensor) -> None:
        """Points, mixtures, and the rows and columns that follow from them."""
        width, points = self.mixture.shape
        self.points.copy_(x[torch.arange(points, device=x.device) % len(x)])
        latents, others = torch.arange(width), max(1, points - 1)
        self.mixture[latents, self._own[:width]] = math.log(START_WEIGHT / (1 - START_WEIGHT) * others)
        self.decoder.copy_(self.rows())
        self.encoder.copy_(self.decoder.T)

    def rows(self) -> Tensor:
        """Unit rows (f, r) of the mixtures; one of no length where points cancel each other."""
        mixed = self.mixture.softmax(dim=-1) @ self.points
        most = self.deviation * mixed.norm(dim=-1, keepdim=True)
        length = self.shift.norm(dim=-1, keepdim=True)
        return normalize(mixed + self.shift * (most / length.clamp(min=1e-12)).clamp(max=1.0), dim=-1)

    def project_decoder_gradient(self) -> None:
        """Hand the decoder's gradient on to what the rows are made of."""
        gradient = self.decoder.grad
        if gradient is None:
            return
        with torch.enable_grad():
            torch.autograd.backward(self.rows(), gradient, inputs=[self.mixture, self.shift])
        self.decoder.grad = None

    @torch.no_grad()
    def normalise_decoder(self) -> None:
        """The rows of the mixtures as they are now."""
        if self.decoder.requires_grad:
            self.decoder.copy_(self.rows())

    @torch.no_grad()
    def restart(self, latents: Tensor, directions: Tensor) -> None:
        """As all kinds, along the points nearest to the directions."""
        nearest = (directions @ normalize(self.points, dim=1).T).argmax(dim=1)
        self.mixture[latents] = 0.0
        others = max(1, len(self.points) - 1)
        self.mixture[latents, nearest] = math.log(START_WEIGHT / (1 - START_WEIGHT) * others)
        self.shift[latents] = 0.0
        super().restart(latents, self.rows()[latents])

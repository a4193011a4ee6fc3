"""A network that is readable by design: small templates of strokes, each looked for in a region."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from trainables.kmeans import spherical_kmeans
from trainables.networks.network import Network
from trainables.networks.patches import patch_size, patch_stride, places
from trainables.networks.seeded_layers import linear
from trainables.networks.strongest_answers import NO_INK, Grid, strongest_answers
from trainables.settings.classifier import PartsClassifierConfig

# Cosine above which a template answers, before training; learnt within [0, MOST_COSINE].
FIRST_COSINE = 0.3
MOST_COSINE = 0.95
# Patches that templates start from: of so many images, at least this bright (root mean square).
START_IMAGES = 1000
INKED = 1 / 6


class Parts(Network):
    """h_kR = gain * max over places p of region R of relu(w_k . x_p - tau_k |x_p|), then a linear head.

    w_k >= 0 with |w_k| = 1 is one of K templates, x_p the patch at place p, tau_k in [0, .95] the cosine
    above which a template answers at all; regions overlap by a place. A unit is one template in one region:
    d = K * rows * columns. Templates start as centres of a spherical k-means of inked train patches.

    Nothing but ink in its own region can move a unit, a patch with ink that the template lacks answers less
    (its cosine falls), and black is silence. Related: coding by spherical k-means and pooling (Coates & Ng
    2012, "Learning feature representations with k-means").
    """

    def __init__(
        self,
        config: PartsClassifierConfig,
        image_shape: tuple[int, int],
        n_classes: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__(config)
        self.gain = config.gain
        self.image_shape = image_shape
        self.size = patch_size(config.template_size, image_shape)
        self.stride = patch_stride(config.stride, image_shape)
        grid = [places(side, self.size, self.stride) for side in image_shape]
        self.pool_step = [config.pool_step or max(1, n // 4) for n in grid]
        wanted = [config.pool_size or step + 1 for step in self.pool_step]
        self.pool_size = [min(size, n) for size, n in zip(wanted, grid, strict=True)]
        self.regions = [
            (n - size) // step + 1 for n, size, step in zip(grid, self.pool_size, self.pool_step, strict=True)
        ]
        self.grid = Grid(
            self.size,
            self.stride,
            (grid[0], grid[1]),
            (self.pool_size[0], self.pool_size[1]),
            (self.pool_step[0], self.pool_step[1]),
            (self.regions[0], self.regions[1]),
        )
        self.hidden_size = config.templates * self.regions[0] * self.regions[1]
        self.weight = nn.Parameter(torch.rand(config.templates, 1, self.size, self.size, generator=generator))
        self.cosine = nn.Parameter(torch.full((config.templates,), FIRST_COSINE))
        self.readout = linear(self.hidden_size, n_classes, generator)

    @torch.no_grad()
    def fit_start(self, images: torch.Tensor, generator: torch.Generator) -> None:
        """Templates from inked patches of images (n, h, w); those for which there are too few stay random."""
        chosen = torch.randperm(len(images), generator=generator)[:START_IMAGES]
        patches = functional.unfold(
            images[chosen].unsqueeze(1), self.size, padding=self.size // 2, stride=self.stride
        )
        points = patches.transpose(1, 2).flatten(0, 1)
        points = points[points.norm(dim=1) > INKED * self.size]
        k = min(len(self.weight), len(points))
        if k > 0:
            self.weight[:k] = spherical_kmeans(points, k, generator).view(k, 1, self.size, self.size)

    def activations(self, images: torch.Tensor) -> torch.Tensor:
        """images (b, h, w) in [0, 1] -> (b, d) >= 0, template by template, region by region."""
        cosines, templates = self.cosine.clamp(0, MOST_COSINE), self.templates().flatten(1)
        return self.gain * strongest_answers(images, templates, cosines, self.grid).flatten(1)

    def templates(self) -> torch.Tensor:
        """w (K, 1, s, s) >= 0 of length 1: the parameter's size, which can leave 0 as its relu could not."""
        sizes = self.weight.abs()
        return sizes / sizes.flatten(1).norm(dim=1).clamp(min=NO_INK).view(-1, 1, 1, 1)

    def head(self, hidden: torch.Tensor) -> torch.Tensor:
        """h (b, d) -> logits (b, classes)."""
        logits: torch.Tensor = self.readout(hidden)
        return logits

    def readout_layer(self) -> nn.Linear:
        """The linear layer that reads the hidden units."""
        return self.readout

    def first_weights(self) -> list[torch.Tensor]:
        """Weights from which the templates are made."""
        return [self.weight]

    def thresholds(self) -> list[torch.Tensor]:
        """The cosines from which templates answer."""
        return [self.cosine]

    def unit_places(self) -> torch.Tensor:
        """Middles of the regions, for every template again."""
        middles = []
        for side, size, step, n in zip(
            self.image_shape, self.pool_size, self.pool_step, self.regions, strict=True
        ):
            place = torch.arange(n) * step + (size - 1) / 2
            middles.append((self.stride * place + 0.5) / side)
        down, across = torch.meshgrid(*middles, indexing="ij")
        return torch.stack([down.flatten(), across.flatten()], dim=1).repeat(len(self.weight), 1)

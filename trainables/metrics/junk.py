"""Where in the image a latent looks: the share of its input gradient that lies off the strokes.

For latent u and image x, with noise n_s ~ U[0, w_s] per pixel off the strokes, U[0, 0.05] on them, and S = 8
widths w_s from 0.025 to 0.8, evenly spaced in their logarithm,
    G = | (1/S) sum_s du/dx (x + n_s) |          (signed mean first, then the absolute value),
    J = sum_{p off the strokes} G_p / sum_p G_p,   divided by chance c = 1 - |mask| / pixels.
The noise matters: at exactly black pixels ReLU'(0) = 0 silences a network without biases, and below one small
width a threshold on pixels does, with the same weights; wider noise passes it. Penalties train at widths
between those measured, see `trainables.edits.background_widths`. Signs are averaged before the absolute value
so that what only the noise switches on and off cancels, as in SmoothGrad.
1 = as if all pixels were read alike, 0 = strokes only. Relevance mass: Arras et al. 2022 (arXiv 2003.07258).
`far` is the same with the filled convex hull of the mask in its place: what is absent between strokes can
be honest evidence (the hole of a 0), what lies beyond the hull says nothing about the digit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.attribution.attribution import Latents, input_gradients
from trainables.batches import in_batches
from trainables.data.convex_hull import filled_hull
from trainables.data.stroke_mask import stroke_mask
from trainables.edits.background_widths import MEASURED
from trainables.metrics.latent_image_pairs import Pairs, firing_pairs, top_pairs

DRAWS = 4
NOISE = 0.05
NOISE_FIELDS = 64
PAIRS = 2048
UNTRAINED_DIRECTIONS = 64


@dataclass(frozen=True)
class Junk:
    """Per measured latent (l,) float64: junk off the strokes and far off (1 = chance), specificity (own mask
    minus another's).

    `latents` (l,) are their columns, ascending; `measurable` is the share of all latents from which they
    were drawn.
    """

    latents: Tensor
    junk: Tensor
    far: Tensor
    specificity: Tensor
    measurable: float

    def value(self) -> float:
        """Mean junk over latents, each weighing the same; without a latent the null, 1."""
        return float(self.junk.mean()) if self.junk.numel() else 1.0

    def far_value(self) -> float:
        """Mean junk beyond the hull; without a latent the null, 1."""
        return float(self.far.mean()) if self.far.numel() else 1.0

    def mean_specificity(self) -> float:
        """Mean over latents, in [-1, 1]; without a latent 0."""
        return float(self.specificity.mean()) if self.specificity.numel() else 0.0


def latent_junk(
    latents: Latents, z: Tensor, alive: Tensor, images: Tensor, labels: Tensor, seed: int
) -> Junk:
    """Junk of a sample of latents on the images they fire on most.

    latents: images (b, h, w) -> pre-activations (b, f). z (n, f): codes of images (n, h, w); alive (f,):
    fires on train. A latent that fires on none of these images cannot be measured and is not drawn.
    """
    pairs, measurable = firing_pairs(z, alive, seed)
    return _measure(latents, pairs, images, labels, seed, measurable)


def untrained_junk(hidden: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor, seed: int) -> Junk:
    """The same for 64 random unit directions of an untrained network, hidden: images -> (b, d)."""
    directions, pairs = untrained_pairs(hidden, images, seed)
    return _measure(directions, pairs, images, labels, seed, 1.0)


def untrained_pairs(hidden: Callable[[Tensor], Tensor], images: Tensor, seed: int) -> tuple[Latents, Pairs]:
    """64 random unit directions of the centred hidden activations, with their top images.

    A direction has no threshold: all its top images count, whatever the projection's sign.
    """
    h = in_batches(hidden, images)
    generator = torch.Generator().manual_seed(seed)
    directions = F.normalize(torch.randn(UNTRAINED_DIRECTIONS, h.shape[1], generator=generator), dim=1).to(h)
    mean = h.mean(dim=0)
    chosen = torch.arange(UNTRAINED_DIRECTIONS, device=h.device)
    pairs = top_pairs((h - mean) @ directions.t(), chosen, firing_only=False)
    return lambda x: (hidden(x) - mean) @ directions.t(), pairs


def outside_ratio(gradient: Tensor, mask: Tensor) -> Tensor:
    """Gradient share outside the mask over its chance, per image: (b,) float64, 1 = chance.

    gradient (b, h, w) >= 0, mask (b, h, w) bool. An all-zero gradient says nothing and takes the null 1, so
    that silence is no virtue; so does an image that is all stroke, where nothing could lie outside.
    """
    total, outside = gradient.double().flatten(1).sum(1), (gradient.double() * ~mask).flatten(1).sum(1)
    chance = 1 - mask.double().flatten(1).mean(1)
    measurable = (total > 0) & (chance > 0)
    return torch.where(measurable, outside / torch.where(measurable, total * chance, 1.0), 1.0)


def _measure(
    latents: Latents, pairs: Pairs, images: Tensor, labels: Tensor, seed: int, measurable: float
) -> Junk:
    if not len(pairs):
        nothing = torch.zeros(0, dtype=torch.float64)
        return Junk(pairs.columns, nothing, nothing, nothing, 0.0)
    generator = torch.Generator().manual_seed(seed)
    other = _same_class_partner(labels, pairs.images, generator)
    pictures = images[pairs.images]
    own_mask, other_mask = stroke_mask(pictures), stroke_mask(images[other])
    hull = filled_hull(own_mask)
    noise = background_noise(pairs, own_mask, images, generator)
    near, far, specificity = [], [], []
    for part in torch.arange(len(pairs), device=images.device).split(PAIRS):
        at = pairs.at[part]
        gradient = mean_gradient(latents, pictures[at], noise[:, at], pairs.column[part])
        near.append(outside_ratio(gradient, own_mask[at]))
        far.append(outside_ratio(gradient, hull[at]))
        specificity.append(_share(gradient, own_mask[at]) - _share(gradient, other_mask[at]))
    off_strokes, off_hull, own_only = (
        pairs.latent_means(torch.cat(parts)) for parts in (near, far, specificity)
    )
    return Junk(pairs.columns, off_strokes, off_hull, own_only, measurable)


def pixel_noise(pairs: Pairs, images: Tensor, generator: torch.Generator) -> Tensor:
    """U[0, 0.05] per draw, image that occurs and pixel: (draws, m, h, w).

    Noise belongs to the image's place in the data (64 fields take turns), so that neither the order of the
    latents nor which others are measured makes a difference to one of them.
    """
    fields = torch.rand(DRAWS, NOISE_FIELDS, *images.shape[1:], generator=generator).to(images)
    return fields[:, pairs.images % NOISE_FIELDS] * NOISE


def background_noise(pairs: Pairs, mask: Tensor, images: Tensor, generator: torch.Generator) -> Tensor:
    """U[0, w] off the mask (m, h, w) for each w of MEASURED, U[0, 0.05] on it, as `pixel_noise`:
    (8, m, h, w)."""
    fields = torch.rand(len(MEASURED), NOISE_FIELDS, *images.shape[1:], generator=generator).to(images)
    widths = torch.tensor(MEASURED, device=images.device, dtype=images.dtype)[:, None, None, None]
    return fields[:, pairs.images % NOISE_FIELDS] * torch.where(mask, NOISE, widths)


def mean_gradient(latents: Latents, pictures: Tensor, noise: Tensor, columns: Tensor) -> Tensor:
    """|mean over draws of du_column/dx| at pictures (p, h, w) + noise (s, p, h, w), columns (p,)."""
    total = torch.zeros_like(pictures)
    for draw in noise:
        total += input_gradients(latents, pictures + draw, columns)
    return (total / noise.shape[0]).abs()


def _share(gradient: Tensor, mask: Tensor) -> Tensor:
    """Share of the gradient inside the mask, (b,) float64; 0 where the gradient vanishes."""
    total = gradient.double().flatten(1).sum(1)
    return (gradient.double() * mask).flatten(1).sum(1) / torch.where(total > 0, total, 1.0)


def _same_class_partner(labels: Tensor, used: Tensor, generator: torch.Generator) -> Tensor:
    """For each used image another random one of its class; itself where it is the only one: (len(used),)."""
    by_class = torch.argsort(labels, stable=True)
    size = torch.bincount(labels)
    first = (size.cumsum(0) - size)[labels[used]]
    place = torch.empty_like(by_class)
    place[by_class] = torch.arange(labels.shape[0], device=labels.device)
    others = size[labels[used]] - 1
    step = (
        1
        + (
            torch.rand(used.shape[0], generator=generator, dtype=torch.float64).to(labels.device) * others
        ).long()
    )
    return by_class[first + (place[used] - first + step) % (others + 1)]

"""Where in the image a latent looks: the share of its input gradient that lies off the strokes.

For latent u and image x, with n_s ~ U[0, 0.05] per pixel and S = 4 draws,
    G = | (1/S) sum_s du/dx (x + n_s) |          (signed mean first, then the absolute value),
    J = sum_{p off the strokes} G_p / sum_p G_p,   divided by chance c = 1 - |mask| / pixels.
The noise matters: at exactly black pixels ReLU'(0) = 0 silences a network without biases. Signs are averaged
before the absolute value so that what only the noise switches on and off cancels, as in SmoothGrad.
1 = as if all pixels were read alike, 0 = strokes only. Relevance mass: Arras et al. 2022 (arXiv 2003.07258).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.metrics.top_images import TopImages
from trainables.stroke_mask import stroke_mask

TOP = 32
MOST_LATENTS = 64
DRAWS = 4
NOISE = 0.05
PAIRS = 2048
UNTRAINED_DIRECTIONS = 64

Latents = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Junk:
    """Per measured latent (l,) float64: junk (1 = chance) and specificity (own mask minus another's).

    `measurable` is the share of all latents from which these were drawn.
    """

    junk: Tensor
    specificity: Tensor
    measurable: float

    def value(self) -> float:
        """Mean over latents, each weighing the same; without a latent the null, 1."""
        return float(self.junk.mean()) if self.junk.numel() else 1.0

    def mean_specificity(self) -> float:
        """Mean over latents, in [-1, 1]; without a latent 0."""
        return float(self.specificity.mean()) if self.specificity.numel() else 0.0


def sample_latents(eligible: Tensor, seed: int) -> Tensor:
    """At most 64 indices of the true entries of `eligible` (f,), ascending, drawn by `seed`."""
    order = torch.randperm(eligible.shape[0], generator=torch.Generator().manual_seed(seed)).to(
        eligible.device
    )
    return order[eligible[order]][:MOST_LATENTS].sort().values


def latent_junk(
    latents: Latents, z: Tensor, alive: Tensor, images: Tensor, labels: Tensor, seed: int
) -> Junk:
    """Junk of a sample of latents on the images they fire on most.

    latents: images (b, h, w) -> pre-activations (b, f). z (n, f): codes of images (n, h, w); alive (f,):
    fires on train. A latent that fires on none of these images cannot be measured and is not drawn.
    """
    eligible = alive & (z > 0).any(dim=0)
    chosen = sample_latents(eligible, seed)
    if not chosen.numel():
        nothing = torch.zeros(0, dtype=torch.float64)
        return Junk(nothing, nothing, 0.0)
    junk, specificity = _measure(latents, chosen, _top(z[:, chosen]), images, labels, seed)
    return Junk(junk, specificity, float(eligible.double().mean()))


def untrained_junk(hidden: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor, seed: int) -> Junk:
    """The same for 64 random unit directions of an untrained network, hidden: images -> (b, d)."""
    with torch.no_grad():
        h = torch.cat([hidden(part) for part in images.split(8192)])
    generator = torch.Generator().manual_seed(seed)
    directions = F.normalize(torch.randn(UNTRAINED_DIRECTIONS, h.shape[1], generator=generator), dim=1).to(h)
    chosen = torch.arange(UNTRAINED_DIRECTIONS, device=h.device)
    top = _top(h @ directions.t())
    # A direction has no threshold: all its top images count, whatever the projection's sign.
    everything = _TopPairs(top.images, torch.ones_like(top.counted))
    junk, specificity = _measure(
        lambda x: hidden(x) @ directions.t(), chosen, everything, images, labels, seed
    )
    return Junk(junk, specificity, 1.0)


def outside_ratio(gradient: Tensor, mask: Tensor) -> Tensor:
    """Gradient share outside the mask over its chance, per image: (b,) float64, 1 = chance.

    gradient (b, h, w) >= 0, mask (b, h, w) bool. An all-zero gradient says nothing and takes the null 1, so
    that silence is no virtue; so does an image that is all stroke, where nothing could lie outside.
    """
    total, outside = gradient.double().flatten(1).sum(1), (gradient.double() * ~mask).flatten(1).sum(1)
    chance = 1 - mask.double().flatten(1).mean(1)
    measurable = (total > 0) & (chance > 0)
    return torch.where(measurable, outside / torch.where(measurable, total * chance, 1.0), 1.0)


@dataclass(frozen=True)
class _TopPairs:
    images: Tensor  # (k, l) image indices
    counted: Tensor  # (k, l) whether the latent fires there


def _top(values: Tensor) -> _TopPairs:
    top = TopImages(TOP, values.shape[0], values.device)
    top.update(values)
    return _TopPairs(top.images(), top.positive())


def _measure(
    latents: Latents, chosen: Tensor, top: _TopPairs, images: Tensor, labels: Tensor, seed: int
) -> tuple[Tensor, Tensor]:
    # One flat batch of (image, latent) pairs. Noise belongs to the image: the latents' order does not matter.
    rank, column = torch.nonzero(top.counted, as_tuple=True)
    used, pair_image = torch.unique(top.images[rank, column], return_inverse=True)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(DRAWS, used.shape[0], *images.shape[1:], generator=generator).to(images) * NOISE
    other = _same_class_partner(labels, used, generator)
    pictures = images[used]
    own_mask, other_mask = stroke_mask(pictures), stroke_mask(images[other])
    ratio, specificity = [], []
    for part in torch.arange(rank.shape[0], device=images.device).split(PAIRS):
        at = pair_image[part]
        gradient = _mean_gradient(latents, pictures[at], noise[:, at], chosen[column[part]])
        ratio.append(outside_ratio(gradient, own_mask[at]))
        specificity.append(_share(gradient, own_mask[at]) - _share(gradient, other_mask[at]))
    return _latent_mean(top.counted, torch.cat(ratio)), _latent_mean(top.counted, torch.cat(specificity))


def _mean_gradient(latents: Latents, pictures: Tensor, noise: Tensor, chosen: Tensor) -> Tensor:
    """|mean over draws of du_chosen/dx|: pictures (p, h, w), noise (s, p, h, w), chosen (p,) -> (p, h, w)."""
    total = torch.zeros_like(pictures)
    for draw in noise:
        with torch.enable_grad():
            x = (pictures + draw).requires_grad_()
            (gradient,) = torch.autograd.grad(latents(x).gather(1, chosen[:, None]).sum(), x)
        total += gradient
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


def _latent_mean(counted: Tensor, values: Tensor) -> Tensor:
    """Mean over each latent's counted images (k, l) of the pairs' values, given in row order: (l,)."""
    table = torch.zeros(counted.shape, dtype=values.dtype, device=values.device)
    table[counted] = values
    return table.sum(dim=0) / counted.sum(dim=0).clamp(min=1)

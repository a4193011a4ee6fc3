"""What latents are held against: all that follows from the network and the images, and from no SAE.

One object serves the trained SAE and every never-trained dictionary of the same network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.bases.affine import mean_and_covariance, principal_components
from trainables.seeds import child_seed, generator

Result = TypeVar("Result")

FAMILY = 64
MOST_COMPONENTS = 32
EMBEDDING_SIZE = 50
# More train rows say nothing new about a covariance of some hundred units.
MOST_ROWS = 10_000


@dataclass(frozen=True)
class Controls:
    """families: name -> unit directions (c, d) of the centred hidden layer; hidden (n, d): the card's images
    on it, labels (n,) or None; mean (d,) of the train activations; embedding (n, at most 50): principal
    components of the centred pixels, which nothing that was trained enters.
    """

    families: dict[str, Tensor]
    hidden: Tensor
    labels: Tensor | None
    mean: Tensor
    embedding: Tensor
    seed: int
    _done: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, compute: Callable[[Controls], Result]) -> Result:
        """`compute` of these controls, computed at most once however many cards are held against them."""
        if compute not in self._done:
            self._done[compute] = compute(self)
        result: Result = self._done[compute]
        return result

    def generator(self, purpose: str) -> torch.Generator:
        """A CPU generator of its own for each purpose."""
        return generator(child_seed(self.seed, "validity", purpose))


@torch.no_grad()
def controls_of(
    train_hidden: Tensor, images: Tensor, labels: Tensor | None, hidden: Tensor, seed: int
) -> Controls:
    """Controls of a network from its activations (t, d) on train and (n, d) on the card's images (n, h, w).

    Families: Gaussian directions with the covariance of the activations, single train images, plus and minus
    the leading principal components, and the neurons that vary most.
    """
    draw = generator(child_seed(seed, "validity", "families"))
    rows = train_hidden[torch.randperm(len(train_hidden), generator=draw)[:MOST_ROWS].to(train_hidden.device)]
    mean = rows.mean(dim=0)
    centred = rows - mean
    _, components = principal_components(mean_and_covariance(rows)[1])
    leading = components[:, :MOST_COMPONENTS].T.to(rows)
    families = {
        "gaussian": gaussian_directions(centred, FAMILY, draw),
        "images": F.normalize(centred[:FAMILY], dim=1),
        "components": torch.cat([leading, -leading]),
        "neurons": _unit_vectors(rows.var(dim=0).argsort(descending=True)[:FAMILY], rows),
    }
    return Controls(families, hidden, labels, mean, _pixel_components(images), seed)


def gaussian_directions(centred: Tensor, count: int, draw: torch.Generator) -> Tensor:
    """Unit rows (count, d), normal with the covariance of centred rows (t, d): mixtures of the rows."""
    mixture = torch.randn(count, len(centred), generator=draw).to(centred)
    return F.normalize(mixture @ centred, dim=1)


def _unit_vectors(places: Tensor, like: Tensor) -> Tensor:
    return torch.eye(like.shape[1], dtype=like.dtype, device=like.device)[places]


def _pixel_components(images: Tensor) -> Tensor:
    pixels = images.flatten(1)
    mean, covariance = mean_and_covariance(pixels)
    components = principal_components(covariance)[1][:, :EMBEDDING_SIZE].to(pixels)
    return (pixels - mean.to(pixels)) @ components

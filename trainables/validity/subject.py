"""What the card is made from: a model and its codes on one set of images.

Nothing but `SupportsFeatures` is asked of the model, so that a trained SAE, a dictionary that nobody trained
and a cheat in a test are judged by the same code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from trainables.data.convex_hull import filled_hull
from trainables.data.stroke_mask import stroke_mask
from trainables.model.decoder_rows import decoder_rows
from trainables.model.interface import SupportsFeatures

# Bounds the memory of a convolutional network's activations.
BATCH = 2048
# Images that tell whether there are strokes.
SEEN = 512

StrokeMask = Callable[[Tensor], Tensor]
"""Images (b, h, w) -> bool of the same shape: what is drawn, as opposed to what it is drawn on."""


LEAST_ROOM = 0.05
DARK = 0.25


def strokes_of(images: Tensor) -> StrokeMask | None:
    """How strokes are told in images (n, h, w), or None where edits by ink say nothing.

    Edits lay ink on black around a drawing. They need room: at least 5 % of the pixels, on average, off the
    stroke mask's convex hull, with at most a quarter of full light there. Photographs, textures and drawings
    on white have none; then `far`, `enough` and `moves` are not applicable, and nothing is supported.
    """
    some = images[:SEEN]
    outside = ~filled_hull(stroke_mask(some))
    room = outside.double().mean()
    light = (some * outside).double().sum() / outside.sum().clamp(min=1)
    return stroke_mask if float(room) >= LEAST_ROOM and float(light) <= DARK * float(some.max()) else None


@dataclass(frozen=True)
class Subject:
    """n images, their hidden activations and codes by one model of f latents over d hidden units.

    labels: None where there are none. strokes: None for images without strokes; black is 0 where there are.
    """

    model: SupportsFeatures
    images: Tensor  # (n, h, w) in [0, 1]
    labels: Tensor | None  # (n,)
    hidden: Tensor  # (n, d)
    codes: Tensor  # (n, f) >= 0
    train_firing: Tensor  # (f,) train images on which each latent fires
    strokes: StrokeMask | None = stroke_mask

    @cached_property
    def firing(self) -> Tensor:
        """Images on which each latent fires: (f,) int64."""
        return (self.codes > 0).sum(dim=0)

    @cached_property
    def rows(self) -> Tensor:
        """What each latent writes into the hidden layer: d_j = decode(e_j) - decode(0), (f, d)."""
        return decoder_rows(self.model, self.codes.shape[1], self.codes.device)

    @torch.no_grad()
    def read(self, images: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
        """u and z of one latent an image, both (b,) float64; images (b, h, w), columns (b,)."""
        found: list[tuple[Tensor, Tensor]] = []
        for part, column in zip(images.split(BATCH), columns.split(BATCH), strict=True):
            u, z = self.model.encode(self.model.hidden(part))
            found.append((u.gather(1, column[:, None])[:, 0], z.gather(1, column[:, None])[:, 0]))
        return torch.cat([u for u, _ in found]).double(), torch.cat([z for _, z in found]).double()


@torch.no_grad()
def subject_of(
    model: SupportsFeatures,
    images: Tensor,
    labels: Tensor | None,
    hidden: Tensor,
    train_hidden: Tensor,
    strokes: StrokeMask | None = stroke_mask,
) -> Subject:
    """The subject from hidden activations (n, d) of the images and (t, d) of the train images."""
    codes = torch.cat([model.encode(part)[1] for part in hidden.split(BATCH)])
    firing = sum((model.encode(part)[1] > 0).sum(dim=0) for part in train_hidden.split(BATCH))
    assert isinstance(firing, Tensor)
    return Subject(model, images, labels, hidden, codes, firing, strokes)

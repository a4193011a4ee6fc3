"""The floor: what dictionaries that nobody trained score on the card, over the same network.

    gaussian   rows normal with the covariance of the activations
    images     rows are single train images' activations
    kmeans     rows are the centres of k-means clusters of them
Rows are centred and of unit length, D (f, d). Codes are the k largest of relu((h - mean) D^T), so that L0 is
the trained SAE's; h^ = gain z D + mean, with the one gain of least squared error. No training.
A count is worth something only above the largest of these three, for it says what the network alone gives.

Trials of about the same f and k share a floor. Measured on digits and MNIST it grows with k and falls with f
until k is about f / 6, where latents begin to fire too often to be usable, and the other way round beyond.
`coarse` takes f and k to the next knots of a grid *towards* that ridge, where the floor is higher on the
whole (how much, and where it was not: docs/validity_card.md).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.kmeans import kmeans
from trainables.model.interface import SupportsFeatures
from trainables.saes.stacking import largest_codes
from trainables.seeds import child_seed, generator
from trainables.validity.card import Count, validity_card
from trainables.validity.controls import MOST_ROWS, Controls, gaussian_directions
from trainables.validity.subject import Subject, subject_of

KMEANS_STARTS, KMEANS_ROUNDS = 1, 15

RIDGE = 6
WIDTHS = tuple(dict.fromkeys(round(2 ** (step / 2)) for step in range(41)))
CODES = tuple(dict.fromkeys(round(10 ** (step / 10)) for step in range(61)))


def coarse(width: int, k: int) -> tuple[int, int]:
    """The size whose floor stands for all that are about as large; see above. Both at least 1."""
    if k * RIDGE <= width:
        fewer = WIDTHS[bisect_right(WIDTHS, width) - 1]
        return fewer, min(CODES[bisect_left(CODES, k)], max(k, fewer // RIDGE))
    more = WIDTHS[bisect_left(WIDTHS, width)]
    return more, max(CODES[bisect_right(CODES, k) - 1], min(k, more // RIDGE))


class NeverTrained:
    """A dictionary with unit rows (f, d) over a network's hidden layer: the k largest projections."""

    def __init__(self, network: SupportsFeatures, rows: Tensor, k: int, train_hidden: Tensor) -> None:
        self.hidden, self.head = network.hidden, network.head
        self.rows, self._k, self._mean = rows, min(k, len(rows)), train_hidden.mean(dim=0)
        self._gain = 1.0
        h = train_hidden[:MOST_ROWS]
        rough = self.encode(h)[1] @ rows
        power = float(rough.square().sum())
        if power > 0:
            self._gain = float(((h - self._mean) * rough).sum()) / power

    def encode(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """u and z, both (b, f), of h (b, d)."""
        u = (h - self._mean) @ self.rows.T
        return u, largest_codes(u, self._k)

    def decode(self, z: Tensor) -> Tensor:
        """h^ (b, d) of z (b, f)."""
        return self._gain * z @ self.rows + self._mean


def dictionary(kind: str, train_hidden: Tensor, width: int, seed: int) -> Tensor:
    """Unit rows (at most `width`, d) of KINDS' `kind` from train activations (t, d); fewer where t is."""
    draw = generator(child_seed(seed, "validity", "floor", kind))
    rows = train_hidden[torch.randperm(len(train_hidden), generator=draw)[:MOST_ROWS].to(train_hidden.device)]
    return F.normalize(_ROWS[kind](rows - rows.mean(dim=0), width, draw), dim=1)


def _clusters(centred: Tensor, width: int, draw: torch.Generator) -> Tensor:
    seed = int(torch.randint(2**31, (), generator=draw))
    k = min(width, len(centred))
    return kmeans(centred, k, seed, starts=KMEANS_STARTS, rounds=KMEANS_ROUNDS).centres


_ROWS: dict[str, Callable[[Tensor, int, torch.Generator], Tensor]] = {
    "gaussian": gaussian_directions,
    "images": lambda centred, width, _draw: centred[:width],
    "kmeans": _clusters,
}
KINDS = tuple(_ROWS)


@torch.no_grad()
def never_trained(like: Subject, kind: str, train_hidden: Tensor, width: int, k: int, seed: int) -> Subject:
    """The dictionary `kind` of `width` rows with k codes an image, on the images of another subject."""
    rows = dictionary(kind, train_hidden, width, seed)
    model = NeverTrained(like.model, rows, k, train_hidden)
    return subject_of(model, like.images, like.labels, like.hidden, train_hidden, like.strokes)


@torch.no_grad()
def floors(
    like: Subject,
    controls: Controls,
    train_hidden: Tensor,
    width: int,
    k: int,
    seed: int,
    draws: int | None,
) -> dict[str, tuple[Count, Count]]:
    """(readable, supported) of each of KINDS, through the card as the trained SAE's."""
    found = {}
    for kind in KINDS:
        subject = never_trained(like, kind, train_hidden, width, k, seed)
        card = validity_card(subject, controls, draws=draws)
        found[kind] = (card.readable(), card.supported())
    return found

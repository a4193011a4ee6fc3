"""Where on the drawing a latent looks, in words: from finite edits, and only where they are clear.

The part is that of the validity card (`trainables.validity.part`): of each of its strongest images the half
of the ink whose covering costs the latent most, here by occlusion. Zones are thirds of the box that holds the
ink. A zone is named if it holds half of the part, or of the costs of all ink, and 1.4 times the share that it
has of the ink, and if ink there costs 1.2 times as much as ink anywhere; of those the smallest by ink, so
that a corner comes before a side. Where no zone is so, nothing is named: most ink lies in the middle,
whatever a latent reads.
"""

from __future__ import annotations

import numpy as np

HELD = 0.5
ABOVE = 1.4
DEARER = 1.2
# Rows and columns at the edge of the box have at least this share of the fullest one's ink.
EDGE = 0.05

_THIRDS = {"first": slice(0, 1), "second": slice(1, 2), "third": slice(2, 3), "all": slice(0, 3)}
ZONES = {
    "the top left": ("first", "first"),
    "the top right": ("first", "third"),
    "the bottom left": ("third", "first"),
    "the bottom right": ("third", "third"),
    "the centre": ("second", "second"),
    "the middle of the top": ("first", "second"),
    "the middle of the bottom": ("third", "second"),
    "the middle of the left side": ("second", "first"),
    "the middle of the right side": ("second", "third"),
    "the top": ("first", "all"),
    "the bottom": ("third", "all"),
    "the left side": ("all", "first"),
    "the right side": ("all", "third"),
    "the middle, from left to right": ("second", "all"),
    "the middle, from top to bottom": ("all", "second"),
}


def where(costs: np.ndarray, images: np.ndarray) -> str | None:
    """A zone's name, from signed maps (n, h, w) and the images (n, h, w) they belong to; None for no zone."""
    if not len(images):
        return None
    drawn = np.asarray(images, dtype=np.float64)
    costs = np.clip(np.nan_to_num(costs), 0.0, None)
    ink, part, price = (
        drawn.sum(axis=0),
        (drawn * _hottest(drawn, costs)).sum(axis=0),
        (drawn * costs).sum(axis=0),
    )
    if not price.sum() > 0:
        return None
    rows, columns = _thirds(ink.sum(axis=1)), _thirds(ink.sum(axis=0))
    told, chance, paid = (rows @ values @ columns.T / values.sum() for values in (part, ink, price))
    found = []
    for name, (vertical, horizontal) in ZONES.items():
        at = (_THIRDS[vertical], _THIRDS[horizontal])
        share, expected, costly = (float(values[at].sum()) for values in (told, chance, paid))
        share = max(share, costly)
        if share >= HELD and share >= ABOVE * expected and costly >= DEARER * expected:
            found.append((expected, name))
    return min(found)[1] if found else None


def _hottest(images: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """bool (n, h, w): of each image the inked pixels that cost most and hold half of the ink. See
    `trainables.validity.part.hottest`."""
    ink, flat = images.reshape(len(images), -1), costs.reshape(len(images), -1)
    order = np.argsort(np.where(ink > 0, -flat, np.inf), axis=1, kind="stable")
    ranked = np.take_along_axis(ink, order, axis=1)
    before = ranked.cumsum(axis=1) - ranked
    chosen = np.zeros(ink.shape, dtype=bool)
    np.put_along_axis(chosen, order, (before < ink.sum(axis=1, keepdims=True) / 2) & (ranked > 0), axis=1)
    return chosen.reshape(images.shape)


def _thirds(ink: np.ndarray) -> np.ndarray:
    """(3, n): the share of each row or column that lies in each third of the box; what is outside belongs
    to the nearest third."""
    held = np.flatnonzero(ink >= EDGE * ink.max())
    low, high = float(held[0]), float(held[-1] + 1)
    cuts = np.linspace(low, high, 4)
    cuts[0], cuts[-1] = 0.0, float(len(ink))
    start = np.arange(len(ink))[None, :]
    overlap = np.minimum(start + 1, cuts[1:, None]) - np.maximum(start, cuts[:-1, None])
    return overlap.clip(0.0, 1.0)

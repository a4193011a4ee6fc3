"""Pictures of few colours as places in a palette: a third of the memory, and of a PNG's work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

MOST = 256
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Indexed:
    """Every pixel's place (...) uint8 in colours (n, 3) uint8, which are in order and all different."""

    places: np.ndarray
    colours: np.ndarray

    def place(self, colour: Colour) -> int:
        """Where a colour stands in the palette, which has it."""
        return int(np.flatnonzero((self.colours == colour).all(axis=1))[0])

    def image(self, places: np.ndarray) -> Image.Image:
        """A picture (h, w) of such places."""
        image = Image.fromarray(places)
        image.putpalette(self.colours.tobytes(), "RGB")
        return image


def indexed(pixels: np.ndarray, also: Sequence[Colour] = ()) -> Indexed | None:
    """uint8 (..., 3) by a palette that holds the colours `also` too; None if it would need more than 256."""
    # Counted by Pillow in a hash table; sorting every pixel would take most of the time.
    flat = Image.fromarray(np.ascontiguousarray(pixels).reshape(1, -1, 3))
    counted = flat.getcolors(MOST)
    if counted is None:
        return None
    found = {colour for _, colour in counted} | set(also)
    if len(found) > MOST:
        return None
    colours = np.array(sorted(found), dtype=np.uint8)
    # A place for every colour there is; the system only hands out memory for those that are looked at.
    places = np.zeros(1 << 24, dtype=np.uint8)
    places[_packed(colours)] = np.arange(len(colours))
    return Indexed(places[_packed(pixels)], colours)


def _packed(colours: np.ndarray) -> np.ndarray:
    """uint8 (..., 3) as one number each."""
    red, green, blue = np.moveaxis(colours, -1, 0).astype(np.uint32)
    return red << 16 | green << 8 | blue

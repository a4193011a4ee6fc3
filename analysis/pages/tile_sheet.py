"""Small pictures that a page shows by the hundred, stored in it once.

A sheet is one PNG in the page; a tile is a window on it, drawn by an SVG `use`. That needs neither a style
of its own per tile, which the pages' content policy forbids, nor a file per picture.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from analysis.pages.page import data_uri
from trainables.pictures.sprite import png, tiled

COLUMNS = 32
# Every picture is stored with its edge repeated around it: a window between two screen pixels would show a
# line of its neighbour.
_RIM = 1


@dataclass(frozen=True)
class Tile:
    """A window of width x height pixels at (x, y) on the sheet called `sheet`."""

    sheet: str
    x: int
    y: int
    width: int
    height: int


class TileSheet:
    """Collects pictures uint8 (h, w) or (h, w, 3), all of one shape; the same `key` is stored once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._tiles: list[np.ndarray] = []
        self._places: dict[Hashable, Tile] = {}

    def add(self, key: Hashable, picture: np.ndarray) -> Tile:
        """The tile that shows `picture`; later calls with the same key give the first picture's."""
        if key not in self._places:
            h, w = picture.shape[:2]
            row, column = divmod(len(self._tiles), COLUMNS)
            x, y = column * (w + 2 * _RIM) + _RIM, row * (h + 2 * _RIM) + _RIM
            self._places[key] = Tile(self.name, x, y, w, h)
            around = ((_RIM, _RIM), (_RIM, _RIM), *[(0, 0)] * (picture.ndim - 2))
            self._tiles.append(np.pad(picture, around, mode="edge"))
        return self._places[key]

    def __len__(self) -> int:
        return len(self._tiles)

    @property
    def picture(self) -> np.ndarray:
        """The sheet as one picture. ValueError if nothing was added."""
        return tiled(np.stack(self._tiles), COLUMNS)

    @property
    def size(self) -> tuple[int, int]:
        """The sheet's (width, height) in pixels."""
        h, w = self._tiles[0].shape[:2]
        return w * min(COLUMNS, len(self._tiles)), h * -(-len(self._tiles) // COLUMNS)

    @property
    def uri(self) -> str:
        """The sheet as a data: address."""
        return data_uri(png(self.picture))

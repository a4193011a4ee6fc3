"""Many small pictures in one file: tiling, enlarging, and PNGs of few bytes."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from trainables.pictures.palette import indexed

PAPER = 255


def tiled(tiles: np.ndarray, columns: int, gap: int = 0, paper: int = PAPER) -> np.ndarray:
    """Tiles uint8 (n, h, w) or (n, h, w, 3), row after row, with gaps of `gap` pixels of paper.

    Tile i lies at row i // columns, column i % columns. ValueError for no tiles or no columns.
    """
    if len(tiles) == 0 or columns < 1:
        raise ValueError(f"a picture needs tiles and columns, got {len(tiles)} and {columns}")
    n, h, w = tiles.shape[:3]
    columns = min(columns, n)
    rows = -(-n // columns)
    size = (rows * (h + gap) - gap, columns * (w + gap) - gap)
    picture = np.full((*size, *tiles.shape[3:]), paper, dtype=np.uint8)
    for i, tile in enumerate(tiles):
        top, left = i // columns * (h + gap), i % columns * (w + gap)
        picture[top : top + h, left : left + w] = tile
    return picture


def enlarged(tiles: np.ndarray, factor: int) -> np.ndarray:
    """Every pixel of tiles (n, h, w) or (n, h, w, 3) as factor x factor equal ones."""
    return tiles.repeat(factor, axis=1).repeat(factor, axis=2)


def png(picture: np.ndarray | Image.Image, effort: int = 9) -> bytes:
    """A picture uint8 (h, w) or (h, w, 3) as a PNG: grey where it is grey, else by palette.

    Only a picture of more than 256 colours is stored as RGB. `effort` is zlib's, 1 to 9: at 9 the file is
    smallest, and packing it may take longer than drawing did.
    """
    image = picture if isinstance(picture, Image.Image) else _compact(picture)
    stream = io.BytesIO()
    image.save(stream, format="PNG", compress_level=effort)
    return stream.getvalue()


def _compact(pixels: np.ndarray) -> Image.Image:
    if pixels.ndim == 2:
        return Image.fromarray(np.ascontiguousarray(pixels))
    if (pixels == pixels[..., :1]).all():
        return Image.fromarray(np.ascontiguousarray(pixels[..., 0]))
    found = indexed(pixels)
    return Image.fromarray(np.ascontiguousarray(pixels)) if found is None else found.image(found.places)

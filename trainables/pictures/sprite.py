"""Many small pictures in one file: tiling, enlarging, and PNGs of few bytes."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

PAPER = 255


def tiled(tiles: np.ndarray, columns: int, gap: int = 0) -> np.ndarray:
    """Tiles uint8 (n, h, w) or (n, h, w, 3), row after row, with gaps of `gap` pixels of paper.

    Tile i lies at row i // columns, column i % columns. ValueError for no tiles or no columns.
    """
    if len(tiles) == 0 or columns < 1:
        raise ValueError(f"a picture needs tiles and columns, got {len(tiles)} and {columns}")
    n, h, w = tiles.shape[:3]
    columns = min(columns, n)
    rows = -(-n // columns)
    size = (rows * (h + gap) - gap, columns * (w + gap) - gap)
    picture = np.full((*size, *tiles.shape[3:]), PAPER, dtype=np.uint8)
    for i, tile in enumerate(tiles):
        top, left = i // columns * (h + gap), i % columns * (w + gap)
        picture[top : top + h, left : left + w] = tile
    return picture


def enlarged(tiles: np.ndarray, factor: int) -> np.ndarray:
    """Every pixel of tiles (n, h, w, 3) as factor x factor equal ones."""
    return tiles.repeat(factor, axis=1).repeat(factor, axis=2)


def png(image: np.ndarray, effort: int = 9) -> bytes:
    """A picture uint8 (h, w) or (h, w, 3) as a PNG: grey where it is grey, else by palette.

    Only a picture of more than 256 colours is stored as RGB. `effort` is zlib's, 1 to 9: at 9 the file is
    smallest, and packing it may take longer than drawing did.
    """
    stream = io.BytesIO()
    _compact(np.ascontiguousarray(image)).save(stream, format="PNG", compress_level=effort)
    return stream.getvalue()


def _compact(image: np.ndarray) -> Image.Image:
    if image.ndim == 2:
        return Image.fromarray(image)
    if (image == image[..., :1]).all():
        return Image.fromarray(np.ascontiguousarray(image[..., 0]))
    # Counted by Pillow in a hash table; sorting every pixel would take most of the time.
    counted = Image.fromarray(image).getcolors(256)
    if counted is None:
        return Image.fromarray(image)
    colours = np.array(sorted(colour for _, colour in counted), dtype=np.uint8)
    # A place for every colour there is; the system only hands out memory for those that are looked at.
    index = np.zeros(1 << 24, dtype=np.uint8)
    index[_packed(colours)] = np.arange(len(colours))
    picture = Image.fromarray(index[_packed(image)])
    picture.putpalette(colours.tobytes(), "RGB")
    return picture


def _packed(colours: np.ndarray) -> np.ndarray:
    """uint8 (..., 3) as one number each."""
    red, green, blue = np.moveaxis(colours, -1, 0).astype(np.uint32)
    return red << 16 | green << 8 | blue

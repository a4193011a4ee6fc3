"""Captioned tiles on paper, for a talk, a paper or TensorBoard."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from trainables.pictures.palette import Colour, indexed
from trainables.pictures.sprite import PAPER, enlarged, tiled

CAPTION_HEIGHT = 14
GAP = 4
MARGIN = 8
_PAPER: Colour = (PAPER, PAPER, PAPER)
_INK: Colour = (70, 70, 70)
_FONT_SIZE = 11
_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def contact_sheet(
    tiles: np.ndarray, captions: Sequence[str], *, columns: int = 8, factor: int = 1
) -> Image.Image:
    """Tiles uint8 (n, h, w, 3) -> a picture with a caption under every tile.

    Every pixel of a tile becomes factor x factor. A caption is cut to the tile's width. Without tiles it is a
    bare margin. ValueError if there is not one caption a tile.
    """
    if len(captions) != len(tiles):
        raise ValueError(f"{len(captions)} captions for {len(tiles)} tiles")
    if not len(tiles):
        return Image.new("L", (2 * MARGIN, 2 * MARGIN), PAPER)
    # Before they are enlarged and captioned the tiles have a tenth of the pixels.
    palette = indexed(tiles, also=(_PAPER, _INK))
    if palette is None:
        sheet = Image.fromarray(_sheet(tiles, columns, factor, PAPER))
    else:
        sheet = palette.image(_sheet(palette.places, columns, factor, palette.place(_PAPER)))
    draw = ImageDraw.Draw(sheet)
    # No smoothing: few greys keep the palette free for the pictures.
    draw.fontmode = "1"
    ink = _INK if palette is None else palette.place(_INK)
    height, width = tiles.shape[1] * factor + CAPTION_HEIGHT, tiles.shape[2] * factor
    for i, text in enumerate(captions):
        row, column = divmod(i, columns)
        corner = (MARGIN + column * (width + GAP), MARGIN + row * (height + GAP) + height - CAPTION_HEIGHT)
        _write(draw, corner, width, text, ink)
    return sheet


def _sheet(tiles: np.ndarray, columns: int, factor: int, paper: int) -> np.ndarray:
    """Tiles (n, h, w) or (n, h, w, 3) with room for captions, gaps and margins of `paper`."""
    channels = [(0, 0)] * (tiles.ndim - 3)
    strips = [(0, 0), (0, CAPTION_HEIGHT), (0, 0), *channels]
    large = np.pad(enlarged(tiles, factor), strips, constant_values=paper)
    margins = [(MARGIN, MARGIN), (MARGIN, MARGIN), *channels]
    return np.pad(tiled(large, columns, GAP, paper), margins, constant_values=paper)


def _write(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], width: int, text: str, ink: int | Colour
) -> None:
    """The caption, centred in a strip that begins at `corner`."""
    font = _font()
    shown = _fitting(text, width - 2, font)  # the last glyph may reach a pixel past its length
    left = max(0.0, (width - font.getlength(shown)) / 2)
    draw.text((corner[0] + left, corner[1]), shown, fill=ink, font=font)


@cache
def _font() -> _Font:
    """The face that Pillow brings along."""
    return ImageFont.load_default(_FONT_SIZE)


def _fitting(text: str, width: int, font: _Font) -> str:
    """The longest beginning of the first line that fits."""
    shown = next(iter(text.splitlines()), "")
    while shown and font.getlength(shown) > width:
        shown = shown[:-1]
    return shown

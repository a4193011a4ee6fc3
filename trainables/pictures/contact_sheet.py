"""Captioned tiles on paper, for a talk, a paper or TensorBoard."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from trainables.pictures.sprite import PAPER, enlarged, tiled

CAPTION_HEIGHT = 14
GAP = 4
MARGIN = 8
_MARGINS = ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0))
_INK = 70
_FONT_SIZE = 11
_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def contact_sheet(
    tiles: np.ndarray, captions: Sequence[str], *, columns: int = 8, factor: int = 1
) -> np.ndarray:
    """Tiles uint8 (n, h, w, 3) -> RGB picture uint8 with a caption under every tile.

    Every pixel of a tile becomes factor x factor. A caption is cut to the tile's width. Without tiles it is a
    bare margin. ValueError if there is not one caption a tile.
    """
    if len(captions) != len(tiles):
        raise ValueError(f"{len(captions)} captions for {len(tiles)} tiles")
    if not len(tiles):
        return np.full((2 * MARGIN, 2 * MARGIN, 3), PAPER, dtype=np.uint8)
    strip = ((0, 0), (0, CAPTION_HEIGHT), (0, 0), (0, 0))
    large = np.pad(enlarged(tiles, factor), strip, constant_values=PAPER)
    sheet = Image.fromarray(np.pad(tiled(large, columns, GAP), _MARGINS, constant_values=PAPER))
    draw = ImageDraw.Draw(sheet)
    # No smoothing: few greys keep the palette free for the pictures.
    draw.fontmode = "1"
    height, width = large.shape[1:3]
    for i, text in enumerate(captions):
        row, column = divmod(i, columns)
        corner = (MARGIN + column * (width + GAP), MARGIN + row * (height + GAP) + height - CAPTION_HEIGHT)
        _write(draw, corner, width, text)
    return np.asarray(sheet)


def _write(draw: ImageDraw.ImageDraw, corner: tuple[int, int], width: int, text: str) -> None:
    """The caption, centred in a strip that begins at `corner`."""
    font = _font()
    shown = _fitting(text, width - 2, font)  # the last glyph may reach a pixel past its length
    left = max(0.0, (width - font.getlength(shown)) / 2)
    draw.text((corner[0] + left, corner[1]), shown, fill=(_INK, _INK, _INK), font=font)


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

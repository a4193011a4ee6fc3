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
    large = [_captioned(tile, text) for tile, text in zip(enlarged(tiles, factor), captions, strict=True)]
    sheet = tiled(np.stack(large), columns, GAP)
    return np.pad(sheet, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), constant_values=PAPER)


def _captioned(tile: np.ndarray, text: str) -> np.ndarray:
    """The tile with its caption below, centred."""
    width = tile.shape[1]
    strip = Image.new("L", (width, CAPTION_HEIGHT), PAPER)
    draw = ImageDraw.Draw(strip)
    # No smoothing: few greys keep the palette free for the pictures.
    draw.fontmode = "1"
    font = _font()
    shown = _fitting(text, width, font)
    left = max(0.0, (width - font.getlength(shown)) / 2)
    draw.text((left, 0), shown, fill=_INK, font=font)
    grey = np.asarray(strip)
    return np.concatenate([tile, np.repeat(grey[..., None], 3, axis=2)])


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

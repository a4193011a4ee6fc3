"""A tile is a window on its sheet that shows exactly the picture that was added."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from analysis.pages.tile_sheet import COLUMNS, TileSheet


@pytest.mark.parametrize("shape", [(8, 8), (5, 7, 3)])
def test_windows_show_what_was_added_and_equal_keys_are_stored_once(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (COLUMNS + 5, *shape), dtype=np.uint8)
    sheet = TileSheet("some")
    tiles = [sheet.add(i, picture) for i, picture in enumerate(pictures)]
    assert sheet.add(3, pictures[4]) == tiles[3]
    assert len(sheet) == COLUMNS + 5
    head, _, data = sheet.uri.partition(",")
    assert head == "data:image/png;base64"
    decoded = Image.open(io.BytesIO(base64.b64decode(data)))
    assert decoded.size == sheet.size
    pixels = np.asarray(decoded.convert("RGB"))
    for tile, picture in zip(tiles, pictures, strict=True):
        expected = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
        assert np.array_equal(pixels[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width], expected)
    assert {tile.sheet for tile in tiles} == {"some"}


def test_a_short_sheet_is_as_wide_as_its_tiles() -> None:
    sheet = TileSheet("few")
    sheet.add("a", np.zeros((4, 6), dtype=np.uint8))
    sheet.add("b", np.zeros((4, 6), dtype=np.uint8))
    assert sheet.size == (16, 6)  # each with a rim of its own edge

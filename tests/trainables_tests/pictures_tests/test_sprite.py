"""Tiles lie where they should, and a PNG gives back every pixel in few bytes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from trainables.data.dataset import load_dataset
from trainables.pictures.colour import grey, overlay, signed
from trainables.pictures.contact_sheet import CAPTION_HEIGHT, contact_sheet
from trainables.pictures.sprite import enlarged, png, tiled


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_tiles_lie_row_after_row_with_paper_between() -> None:
    tiles = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((5, 2, 3), dtype=np.uint8)
    picture = tiled(tiles, columns=3, gap=1)
    assert picture.shape == (5, 11)
    assert picture[0].tolist() == [0, 0, 0, 255, 1, 1, 1, 255, 2, 2, 2]
    assert picture[2].tolist() == [255] * 11
    assert picture[4].tolist() == [3, 3, 3, 255, 4, 4, 4, *[255] * 4]
    assert tiled(tiles, columns=9).shape == (2, 15)
    for columns, some in ((3, tiles[:0]), (0, tiles)):
        with pytest.raises(ValueError, match="needs tiles and columns"):
            tiled(some, columns=columns)


def test_enlarging_repeats_pixels() -> None:
    tiles = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    large = enlarged(tiles, 2)
    assert large.shape == (2, 4, 4, 3)
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        assert np.array_equal(large[:, row::2, column::2], tiles)


@pytest.mark.parametrize("kind", ["grey", "grey as rgb", "palette", "two colours", "rgb"])
def test_a_png_is_lossless_in_the_smallest_mode(kind: str) -> None:
    rng = np.random.default_rng(1)
    pictures = {
        "grey": rng.integers(0, 256, (9, 7), dtype=np.uint8),
        "grey as rgb": np.repeat(rng.integers(0, 256, (9, 7, 1), dtype=np.uint8), 3, axis=2),
        "palette": signed(rng.normal(size=(30, 30)), 2.0),
        "two colours": signed(np.sign(rng.normal(size=(30, 30))), 2.0),
        "rgb": rng.integers(0, 256, (30, 30, 3), dtype=np.uint8),
    }
    modes = {"grey": "L", "grey as rgb": "L", "palette": "P", "two colours": "P", "rgb": "RGB"}
    data = png(pictures[kind])
    expected = pictures[kind] if pictures[kind].ndim == 3 else np.repeat(pictures[kind][..., None], 3, 2)
    assert np.array_equal(decoded(data), expected)
    assert Image.open(io.BytesIO(data)).mode == modes[kind]


def test_sprites_are_small() -> None:
    """8 x 8 digits; 28 x 28 templates of white noise are the worst case and cost 870 bytes in palette."""
    rng = np.random.default_rng(2)
    digits = load_dataset("digits", limit=16).val.images
    assert len(png(tiled(grey(digits), 16))) < 16 * 70
    noise = rng.normal(size=(16, 28, 28))
    assert len(png(tiled(signed(noise, 3.0), 16))) < 16 * 870
    assert len(png(tiled(overlay(rng.random((16, 28, 28)), noise, 3.0), 16))) < 16 * 1000


def test_a_contact_sheet_holds_enlarged_tiles_over_captions() -> None:
    tiles = signed(np.random.default_rng(3).normal(size=(5, 8, 8)), 2.0)
    captions = ["0", "17", "a caption that is far too long", "", "ü\nb"]
    image = contact_sheet(tiles, captions, columns=3, factor=4)
    sheet = np.asarray(image.convert("RGB"))
    assert image.mode == "P"
    assert sheet.shape == (2 * (32 + CAPTION_HEIGHT) + 4 + 16, 3 * 32 + 2 * 4 + 16, 3)
    assert np.array_equal(sheet[8 : 8 + 32 : 4, 8 + 36 : 8 + 36 + 32 : 4], tiles[1])
    written = sheet[40 : 40 + CAPTION_HEIGHT, 8:-8]
    assert (written[:, :32] < 255).any()
    below = sheet[8 + 32 + CAPTION_HEIGHT + 4 + 32 : -8]
    assert (below[:, 8 : 8 + 32] == 255).all()
    assert (sheet[:, -8:] == 255).all()


def test_a_sheet_of_wrong_captions_is_refused_and_one_of_nothing_is_bare() -> None:
    with pytest.raises(ValueError, match="1 captions for 2 tiles"):
        contact_sheet(np.zeros((2, 8, 8, 3), dtype=np.uint8), ["a"])
    assert (np.asarray(contact_sheet(np.zeros((0, 8, 8, 3), dtype=np.uint8), [])) == 255).all()


@pytest.mark.parametrize("colours", [254, 255, 400])
def test_a_sheet_of_too_many_colours_for_a_palette_shows_them_all(colours: int) -> None:
    """Paper and ink take two of the 256 places."""
    tiles = np.zeros((1, 20, 20, 3), dtype=np.uint8)
    tiles.reshape(-1, 3)[:colours, 0] = np.arange(colours) % 256
    tiles.reshape(-1, 3)[:colours, 1] = np.arange(colours) // 256
    image = contact_sheet(tiles, ["a caption"])
    assert image.mode == ("P" if colours == 254 else "RGB")
    sheet = decoded(png(image))
    assert np.array_equal(sheet[8:28, 8:28], tiles[0])
    assert (sheet[28:-8, 8:-8] == 70).all(axis=2).any()

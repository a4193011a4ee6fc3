"""The pictures of one feature as two sheets: digits in ink, and signed maps.

Both have 8 columns. On the sheet of digits stand, in this order, the 16 top images, 5 intervals of 8, 8 drawn
at random, 8 near misses, then the mean image, 4 inversions and 5 doses. On the sheet of maps stand
16 of every method, map i exactly under top image i but for a whole number of rows, then templates. A page
puts a map over its digit by multiplying, which is what `trainables.pictures.colour.overlay` computes.

Few shades make small files: 16 of ink and 21 of colour are more than anybody tells apart at this size. So
does WebP: without loss it takes a fifth less than the best PNG.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from analysis.features.feature import (
    DOSES,
    N_EXAMPLES,
    N_INTERVALS,
    N_INVERSIONS,
    N_TOP,
    Examples,
    FeatureDetail,
    FeatureTable,
)
from trainables.pictures.colour import grey, limit_of, signed
from trainables.pictures.sprite import tiled

COLUMNS = 8
_INKS = 15
SHADES = 10
FEWER_SHADES = 5
MOST_BYTES = 22 << 10
# Slots on the sheet of digits.
TOP = 0
INTERVALS = N_TOP
RANDOM = INTERVALS + N_INTERVALS * N_EXAMPLES
NEAR_MISSES = RANDOM + N_EXAMPLES
MEAN = NEAR_MISSES + N_EXAMPLES
INVERSIONS = MEAN + 1
DOSE = INVERSIONS + N_INVERSIONS
SLOTS = DOSE + len(DOSES)


@dataclass(frozen=True)
class Sheet:
    """Tiles as one picture, uint8, and the file that holds it."""

    data: bytes
    width: int
    height: int


def place_of(slot: int, image_shape: tuple[int, int]) -> tuple[int, int]:
    """Left and top of a slot in pixels."""
    h, w = image_shape
    return slot % COLUMNS * w, slot // COLUMNS * h


def ink(images: np.ndarray) -> np.ndarray:
    """Images (..., h, w) in [0, 1], black = 0 -> uint8 (..., h, w): what was light is dark ink on paper."""
    levels = np.rint(grey(images) / 255 * _INKS)
    return (255 - np.rint(levels / _INKS * 255)).astype(np.uint8)


def darkest_ink(images: np.ndarray) -> np.ndarray:
    """`ink` of images (n, h, w), each scaled to its own lightest pixel, as means of images need it."""
    lightest = np.nan_to_num(images).max(axis=(1, 2), initial=0.0, keepdims=True)
    return ink(images / np.maximum(lightest, 1e-12))


def in_colour(values: np.ndarray, limit: float, shades: int = SHADES) -> np.ndarray:
    """Signed maps (..., h, w) -> uint8 RGB (..., h, w, 3) in 2 shades + 1 colours; see `colour.signed`."""
    if not limit > 0:
        return signed(values, 0.0)
    steps = np.rint(np.nan_to_num(values / limit, nan=0.0).clip(-1.0, 1.0) * shades)
    return signed(steps, float(shades))


def each_by_its_own(maps: np.ndarray) -> np.ndarray:
    """Signed maps (n, h, w) -> uint8 RGB (n, h, w, 3), each on a scale from -max |map| to +max |map|."""
    if not len(maps):
        return np.zeros((*maps.shape, 3), dtype=np.uint8)
    return np.stack([in_colour(values, limit_of(values)) for values in maps])


def sheet_of(tiles: np.ndarray, columns: int = COLUMNS) -> Sheet:
    """Tiles uint8 (n, h, w) or (n, h, w, 3), row after row, as lossless WebP."""
    picture = tiled(tiles, columns)
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="WEBP", lossless=True, method=4)
    return Sheet(stream.getvalue(), picture.shape[1], picture.shape[0])


def digits_sheet(table: FeatureTable, detail: FeatureDetail) -> Sheet:
    """Every image that the feature's page shows, each at its slot; slots without one are paper."""
    tiles = np.full((SLOTS, *table.image_shape), 255, dtype=np.uint8)
    _place(tiles, TOP, detail.top)
    for number, interval in enumerate(detail.intervals):
        _place(tiles, INTERVALS + number * N_EXAMPLES, interval.examples)
    _place(tiles, RANDOM, detail.random_active)
    _place(tiles, NEAR_MISSES, detail.near_misses)
    tiles[MEAN] = darkest_ink(table.mean_images[[detail.latent]])[0]
    tiles[INVERSIONS : INVERSIONS + len(detail.inversions)] = ink(detail.inversions)
    tiles[DOSE : DOSE + len(DOSES)] = ink(detail.dose.pictures)
    return sheet_of(tiles)


def maps_sheet(
    table: FeatureTable, detail: FeatureDetail, methods: Sequence[str], neighbours: Sequence[int]
) -> Sheet:
    """Maps by method, then the feature's own template, then those of the neighbours.

    Maps of pure noise take fewer shades, so that every feature keeps to its budget.
    """
    top = np.zeros((len(methods), N_TOP, *table.image_shape), dtype=np.float64)
    for number, method in enumerate(methods):
        top[number, : len(detail.top)] = detail.attributions[method]
    templates = each_by_its_own(table.templates[[detail.latent, *neighbours]])
    for shades in (SHADES, FEWER_SHADES):
        coloured = [in_colour(maps, limit_of(maps), shades) for maps in top]
        sheet = sheet_of(np.concatenate([*coloured, templates]))
        if len(sheet.data) <= MOST_BYTES:
            break
    return sheet


def template_slot(n_methods: int) -> int:
    """Of the feature's own template on the sheet of maps; neighbours follow."""
    return n_methods * N_TOP


def _place(tiles: np.ndarray, slot: int, examples: Examples) -> None:
    if len(examples):
        tiles[slot : slot + len(examples)] = ink(examples.images)

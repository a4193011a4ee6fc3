"""Statistics of drawn shapes that one can check by eye, and scipy's labels as the oracle for holes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from trainables.data.dataset import TensorSplit, load_dataset, to_tensors
from trainables.data.image_statistics import euler_number, image_statistics, shuffled_image_statistics

NAMES = ("ink", "height", "width", "slant", "top", "left", "euler")


def drawn(*pictures: str) -> TensorSplit:
    images = [[[float(c == "#") for c in row] for row in picture.split()] for picture in pictures]
    return TensorSplit(torch.tensor(images), torch.zeros(len(images), dtype=torch.int64))


RING = "...... .####. .#..#. .####. ...... ......"
SLOPE = "#..... .#.... ..#... ...#.. ....#. .....#"
LINE = "...... ...... ###### ...... ...... ......"
BLACK = "...... ...... ...... ...... ...... ......"


def test_what_drawn_shapes_give() -> None:
    ring, slope, line, black = image_statistics(drawn(RING, SLOPE, LINE, BLACK))
    assert dict(zip(NAMES, ring, strict=True)) == pytest.approx(
        {"ink": 10 / 36, "height": 3 / 6, "width": 4 / 6, "slant": 0, "top": 0.6, "left": 0.5, "euler": 0}
    )
    assert slope[[1, 2, 3, 4, 5, 6]] == pytest.approx([1, 1, 1, 0.5, 0.5, 6])
    assert line[[1, 2, 3, 6]] == pytest.approx([1 / 6, 1, 0, 1])
    assert not black.any()


def test_parts_minus_holes_as_scipy_counts_them() -> None:
    masks = np.random.default_rng(0).random((200, 9, 7)) < 0.6
    around = np.ones((3, 3))
    expected = [
        ndimage.label(mask)[1] - (ndimage.label(np.pad(~mask, 1, constant_values=True), around)[1] - 1)
        for mask in masks
    ]
    assert euler_number(masks).tolist() == expected


def test_a_column_that_says_nothing_is_left_out() -> None:
    assert image_statistics(drawn(RING, RING)).shape == (2, 0)
    assert image_statistics(drawn(LINE, LINE[7:] + " ......")).shape == (2, 1)


def test_the_control_has_the_same_rows_for_other_images() -> None:
    train = to_tensors(load_dataset("digits")).train
    table, shuffled = image_statistics(train), shuffled_image_statistics(train)
    assert np.array_equal(np.sort(table, axis=0), np.sort(shuffled, axis=0))
    for own, other in zip(table.T, shuffled.T, strict=True):
        assert abs(np.corrcoef(own, other)[0, 1]) < 4 / np.sqrt(len(train))
    assert np.array_equal(shuffled, shuffled_image_statistics(train))

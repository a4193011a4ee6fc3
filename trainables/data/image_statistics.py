"""Plain properties of a digit's shape, as a concept table that needs no file."""

from __future__ import annotations

import numpy as np

from trainables.data.dataset import TensorSplit
from trainables.data.stroke_mask import stroke_mask


def image_statistics(train: TensorSplit) -> np.ndarray:
    """Seven properties of each train image, float64 (n, c); those that are the same for all are left out.

    With x the image, p = x / sum(x) and M the pixels of at least half its maximum:

        ink             mean of x
        height, width   of M's bounding box, as shares of the sides
        slant           cov_p(row, column) / var_p(row): columns to the right per row down
        top, left       share of p in the upper and in the left half
        euler           parts of M minus its holes: 1 for a 7, 0 for a 0, -1 for an 8

    An image without light has 0 everywhere. They are no concepts that anybody chose with care: they stand
    for "any float table", so that concept supervision can be tried before there are such.
    """
    images = train.images.cpu().double().numpy()
    mask = stroke_mask(train.images.cpu(), radius=0).numpy()
    height, width = images.shape[1:]
    total = images.sum(axis=(1, 2))
    p = images / np.where(total > 0, total, 1)[:, None, None]
    columns = [
        images.mean(axis=(1, 2)),
        _extent(np.asarray(mask.any(axis=2))) / height,
        _extent(np.asarray(mask.any(axis=1))) / width,
        _slant(p),
        p[:, : height // 2].sum(axis=(1, 2)),
        p[:, :, : width // 2].sum(axis=(1, 2)),
        euler_number(mask).astype(np.float64),
    ]
    table = np.stack(columns, axis=1)
    return table[:, np.ptp(table, axis=0) > 0]


def shuffled_image_statistics(train: TensorSplit) -> np.ndarray:
    """The control: the same table, each row given to another image, so that nothing in it can be learnt."""
    return np.random.default_rng(0).permutation(image_statistics(train))


def euler_number(mask: np.ndarray) -> np.ndarray:
    """Parts minus holes of bool (n, h, w), parts touching at edges only (4-connectivity): int (n,).

    From counts of 2x2 windows (Gray 1971, "Local properties of binary images in two dimensions"):
    (windows of one pixel - windows of three + 2 * windows of two diagonal ones) / 4.
    """
    padded = np.pad(mask, ((0, 0), (1, 1), (1, 1))).astype(np.int64)
    a, b, c, d = (padded[:, i : i - 1 or None, j : j - 1 or None] for i in (0, 1) for j in (0, 1))
    pixels = a + b + c + d
    diagonal = (pixels == 2) & (a == d)
    number = (pixels == 1).astype(np.int64) - (pixels == 3) + 2 * diagonal
    return np.asarray(number.sum(axis=(1, 2)) // 4)


def _extent(occupied: np.ndarray) -> np.ndarray:
    """Length from the first to the last True of each row of bool (n, s)."""
    first = occupied.argmax(axis=1)
    last = occupied.shape[1] - 1 - occupied[:, ::-1].argmax(axis=1)
    return np.where(occupied.any(axis=1), last - first + 1, 0)


def _slant(p: np.ndarray) -> np.ndarray:
    """Least squares slope of column on row under the weights p (n, h, w)."""
    row, column = (np.asarray(index, dtype=np.float64) for index in np.indices(p.shape[1:]))

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray((p * values).sum(axis=(1, 2)))

    variance = mean(row**2) - mean(row) ** 2
    covariance = mean(row * column) - mean(row) * mean(column)
    # A horizontal line of one row has no slope; rounding must not give it a huge one.
    return np.where(variance > 1e-9, covariance / np.maximum(variance, 1e-9), 0)

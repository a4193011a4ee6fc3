"""The stroke set: what a person says of how a digit is drawn, measured from its pixels.

With x the image, p = x / sum(x), M the pixels of at least half its maximum and S the skeleton of M:

    stroke/thickness    pixels of M per step along S;  stroke/length  steps along S, in image sides
    stroke/slant        cov_p(row, column) / var_p(row)
    moments/*           ink, mean row and column, log ratio of the spreads, elongation of the ellipse
    holes/*             how many background regions of 2 pixels or more M encloses, their area, how many lie
                        in the upper and in the lower half
    ends/*, junctions/* pixels of S with one neighbour, places with three lines; all, and by quadrant
    runs/*              strokes that a row or a column crosses, at 1/4, 1/2 and 3/4 of M's bounding box
    symmetry/*          correlation of x with its mirror images and its half turn
    energy/*            gradient energy of strokes in four directions by quadrant, as a share of all
    openings/*          share of the rows (columns) of M's box from whose middle one looks out to that side

Named after Morpho-MNIST (Castro et al. 2019, arXiv 1809.06083), whose medial axis takes 40 ms an image; the
thinning here takes 0.2. All are functions of one image. An image without light has 0 everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from trainables.concepts import skeleton
from trainables.concepts.table import Floats
from trainables.data.dataset import TensorSplit
from trainables.data.stroke_mask import stroke_mask

CHUNK = 4096
FEWEST_HOLE_PIXELS = 2
QUADRANTS = {"upper_left": (0, 0), "upper_right": (0, 1), "lower_left": (1, 0), "lower_right": (1, 1)}
# A stroke along it has gradients across it.
DIRECTIONS = {"horizontal": 90.0, "falling": 135.0, "vertical": 0.0, "rising": 45.0}
PLANE_CROSS = np.zeros((3, 3, 3), dtype=bool)
PLANE_CROSS[1] = ndimage.generate_binary_structure(2, 1)

Columns = dict[str, np.ndarray]


def strokes(split: TensorSplit) -> Columns:
    """Every concept of the set for each image: name -> float64 (n,); those the same for all are left out."""
    parts = [_measured(images) for images in _chunks(split)]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return {name: column for name, column in columns.items() if np.ptp(column) > 0}


def strokes_without_symmetry(split: TensorSplit) -> Columns:
    """The stroke set without symmetry, which adds least to it on MNIST."""
    return {name: column for name, column in strokes(split).items() if not name.startswith("symmetry/")}


def _chunks(split: TensorSplit) -> Iterator[np.ndarray]:
    for part in split.images.split(CHUNK):
        yield part.detach().cpu().numpy()


def _measured(images: np.ndarray) -> Columns:
    import torch

    x = images.astype(np.float64)
    mask = stroke_mask(torch.from_numpy(images), radius=0).numpy()
    thin = skeleton.skeleton(mask)
    size = x.shape[1]
    length = skeleton.length(thin)
    area = mask.sum(axis=(1, 2))
    columns: Columns = {
        "stroke/thickness": np.where(area > 0, area / np.maximum(length, 1), 0),
        "stroke/length": length / size,
    }
    columns |= _moments(x)
    columns |= _holes(mask)
    columns |= _by_quadrant("ends", skeleton.ends(thin)) | _by_quadrant("junctions", skeleton.junctions(thin))
    columns |= _box(mask)
    columns |= _symmetry(x)
    columns |= _energy(x)
    return {name: np.asarray(column, dtype=np.float64) for name, column in columns.items()}


def _moments(x: np.ndarray) -> Columns:
    total = x.sum(axis=(1, 2))
    p = x / np.where(total > 0, total, 1)[:, None, None]
    row, column = (np.asarray(index, dtype=np.float64) for index in np.indices(x.shape[1:]))

    def mean(values: np.ndarray) -> Floats:
        return np.asarray((p * values).sum(axis=(1, 2)))

    r, c = mean(row), mean(column)
    rr, cc, rc = mean(row**2) - r**2, mean(column**2) - c**2, mean(row * column) - r * c
    # A straight line has no spread across it; rounding must not give it a huge ratio.
    rr, cc = np.maximum(rr, 1e-2), np.maximum(cc, 1e-2)
    root = np.sqrt((rr - cc) ** 2 / 4 + rc**2)
    middle = (rr + cc) / 2
    height, width = x.shape[1:]
    lit = total > 0
    return {
        "stroke/slant": np.where(lit, rc / rr, 0),
        "moments/ink": x.mean(axis=(1, 2)),
        "moments/row": r / height,
        "moments/column": c / width,
        "moments/aspect": np.where(lit, np.log(rr / cc) / 2, 0),
        "moments/elongation": np.where(lit, np.log((middle + root) / np.maximum(middle - root, 1e-2)) / 2, 0),
    }


def _holes(mask: np.ndarray) -> Columns:
    n, height, width = mask.shape
    background = np.pad(~mask, ((0, 0), (1, 1), (1, 1)), constant_values=True)
    regions, count = ndimage.label(background, structure=PLANE_CROSS)
    sizes = np.bincount(regions.ravel(), minlength=count + 1)
    rows = np.broadcast_to(np.arange(height + 2)[None, :, None], regions.shape)
    centre = (
        np.bincount(regions.ravel(), weights=rows.ravel(), minlength=count + 1) / np.maximum(sizes, 1) - 1
    )
    outside = np.zeros(count + 1, dtype=bool)
    outside[regions[:, 0, 0]] = True
    outside[0] = True
    place = ndimage.maximum(
        np.broadcast_to(np.arange(n)[:, None, None], regions.shape), regions, np.arange(1, count + 1)
    )
    image = np.concatenate([[0], np.asarray(place, dtype=np.int64)])
    holes = ~outside & (sizes >= FEWEST_HOLE_PIXELS)
    upper = centre < (height - 1) / 2

    def counted(chosen: np.ndarray, weights: np.ndarray | None = None) -> Floats:
        own = None if weights is None else weights[chosen]
        return np.bincount(image[chosen], weights=own, minlength=n).astype(np.float64)

    return {
        "holes/count": counted(holes),
        "holes/area": counted(holes, sizes / (height * width)),
        "holes/upper": counted(holes & upper),
        "holes/lower": counted(holes & ~upper),
    }


def _quarters(values: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Sums over the four quadrants of the image."""
    middle = values.shape[1] // 2, values.shape[2] // 2
    for name, (lower, right) in QUADRANTS.items():
        rows = slice(middle[0], None) if lower else slice(middle[0])
        columns = slice(middle[1], None) if right else slice(middle[1])
        yield name, values[:, rows, columns].sum(axis=(1, 2))


def _by_quadrant(group: str, places: np.ndarray) -> Columns:
    counted = {f"{group}/count": places.sum(axis=(1, 2))}
    return counted | {f"{group}/{name}": own for name, own in _quarters(places)}


def _box(mask: np.ndarray) -> Columns:
    """Runs and openings, both along rows and, of the mask turned over, along columns."""
    lines = {"row": mask, "column": mask.transpose(0, 2, 1)}
    sides = {"row": ("left", "right"), "column": ("top", "bottom")}
    columns: Columns = {}
    for along, own in lines.items():
        starts = own & ~np.pad(own, ((0, 0), (0, 0), (1, 0)))[:, :, :-1]
        runs = starts.sum(axis=2)
        used = np.asarray(own.any(axis=2))
        first, last = used.argmax(axis=1), own.shape[1] - 1 - used[:, ::-1].argmax(axis=1)
        for part in (1, 2, 3):
            at = np.rint(first + (last - first) * part / 4).astype(np.int64)
            columns[f"runs/{along}_{part}"] = np.take_along_axis(runs, at[:, None], axis=1)[:, 0]
        across = np.asarray(own.any(axis=1))
        middle = (across.argmax(axis=1) + own.shape[2] - 1 - across[:, ::-1].argmax(axis=1)) / 2
        place = np.arange(own.shape[2])
        before = place[None] < middle[:, None]
        size = np.maximum(used.sum(axis=1), 1)
        for side, half in zip(sides[along], (before, ~before), strict=True):
            free = used & ~(own & half[:, None]).any(axis=2)
            columns[f"openings/{side}"] = free.sum(axis=1) / size
    return columns


def _symmetry(x: np.ndarray) -> Columns:
    centred = x - x.mean(axis=(1, 2), keepdims=True)
    power = np.maximum((centred**2).sum(axis=(1, 2)), 1e-12)
    images = {
        "left_right": centred[:, :, ::-1],
        "up_down": centred[:, ::-1],
        "half_turn": centred[:, ::-1, ::-1],
    }
    return {f"symmetry/{name}": (centred * own).sum(axis=(1, 2)) / power for name, own in images.items()}


def _energy(x: np.ndarray) -> Columns:
    down, right = np.gradient(x, axis=(1, 2))
    power = down**2 + right**2
    twice = 2 * np.arctan2(down, right)
    total = np.maximum(power.sum(axis=(1, 2)), 1e-12)
    columns: Columns = {}
    for direction, degrees in DIRECTIONS.items():
        share = power * np.maximum(np.cos(twice - 2 * np.radians(degrees)), 0)
        columns |= {f"energy/{direction}_{name}": own / total for name, own in _quarters(share)}
    return columns

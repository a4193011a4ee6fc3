"""The stroke set on shapes whose strokes anybody can count, and against counting image by image."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage

from trainables.concepts.skeleton import skeleton
from trainables.concepts.strokes import FEWEST_HOLE_PIXELS, strokes
from trainables.data.dataset import TensorSplit, load_dataset, to_tensors

SIZE = 21


def drawn() -> dict[str, np.ndarray]:
    """A ring, an eight, a cross, an upright and a leaning bar, and no light at all."""
    shapes = {
        name: np.zeros((SIZE, SIZE), np.float32) for name in ("ring", "eight", "cross", "bar", "leaning")
    }
    shapes["ring"][3:10, 6:15] = 1
    shapes["ring"][5:8, 8:13] = 0
    shapes["eight"][2:19, 6:15] = 1
    shapes["eight"][4:9, 8:13] = 0
    shapes["eight"][11:17, 8:13] = 0
    shapes["cross"][10, 3:18] = 1
    shapes["cross"][3:18, 10] = 1
    shapes["bar"][3:18, 8:10] = 1
    rows = np.arange(3, 18)
    shapes["leaning"][rows, 17 - rows] = 1
    return shapes | {"dark": np.zeros((SIZE, SIZE), np.float32)}


def measured() -> dict[str, dict[str, float]]:
    shapes = drawn()
    images = torch.from_numpy(np.stack(list(shapes.values())))
    found = strokes(TensorSplit(images, torch.zeros(len(shapes), dtype=torch.int64)))
    return {shape: {name: float(own[i]) for name, own in found.items()} for i, shape in enumerate(shapes)}


def test_shapes_are_what_one_sees() -> None:
    by_shape = measured()
    concept = lambda name: [by_shape[shape][name] for shape in by_shape]  # noqa: E731
    assert concept("holes/count") == [1, 2, 0, 0, 0, 0]
    assert concept("holes/upper") == [1, 1, 0, 0, 0, 0]
    assert concept("holes/lower") == [0, 1, 0, 0, 0, 0]
    assert concept("ends/count") == [0, 0, 4, 2, 2, 0]
    assert concept("junctions/count")[2:] == [1, 0, 0, 0]
    assert concept("junctions/count")[0] == 0
    assert by_shape["leaning"]["ends/lower_left"] == by_shape["leaning"]["ends/upper_right"] == 1
    assert by_shape["eight"]["runs/row_1"] == 2
    assert by_shape["bar"]["runs/row_1"] == by_shape["bar"]["runs/column_2"] == 1
    assert by_shape["bar"]["stroke/thickness"] == np.clip(by_shape["bar"]["stroke/thickness"], 1.8, 2.5)
    assert abs(by_shape["bar"]["stroke/slant"]) < 1e-9
    assert by_shape["leaning"]["stroke/slant"] < -0.9
    assert by_shape["cross"]["symmetry/left_right"] > 0.99
    assert by_shape["leaning"]["symmetry/left_right"] < 0.2
    assert (
        sum(
            by_shape["bar"][f"energy/vertical_{q}_{s}"] for q in ("upper", "lower") for s in ("left", "right")
        )
        > 0.7
    )
    assert (
        by_shape["leaning"]["energy/rising_upper_right"] > by_shape["leaning"]["energy/falling_upper_right"]
    )
    assert by_shape["dark"] == dict.fromkeys(by_shape["dark"], 0.0)


def test_holes_are_those_counted_image_by_image() -> None:
    data = to_tensors(load_dataset("digits", limit=200)).train
    found = strokes(data)["holes/count"]
    for image, count in zip(data.images.numpy(), found, strict=True):
        background = np.pad(image < 0.5 * image.max(), 1, constant_values=True)
        regions, n = ndimage.label(background)
        sizes = np.bincount(regions.ravel())[1:]
        inner = [i for i in range(1, n + 1) if i != regions[0, 0] and sizes[i - 1] >= FEWEST_HOLE_PIXELS]
        assert count == len(inner)


def test_a_skeleton_is_thin_and_in_one_piece_where_the_stroke_is() -> None:
    images = to_tensors(load_dataset("digits", limit=200)).train.images.numpy()
    masks = images >= 0.5 * images.max(axis=(1, 2), keepdims=True)
    masks = np.stack([np.kron(mask, np.ones((3, 3), dtype=bool)) for mask in masks]).astype(bool)
    thin = skeleton(masks)
    assert not (thin & ~masks).any()
    blocks = thin[:, 1:, 1:] & thin[:, 1:, :-1] & thin[:, :-1, 1:] & thin[:, :-1, :-1]
    assert blocks.sum() < 0.01 * thin.sum()
    eight = np.ones((3, 3))
    assert [ndimage.label(m, eight)[1] for m in thin] == [ndimage.label(m, eight)[1] for m in masks]


def test_an_images_concepts_are_its_own() -> None:
    data = to_tensors(load_dataset("digits", limit=120)).train
    whole, part = strokes(data), strokes(TensorSplit(data.images[40:80], data.labels[40:80]))
    for name in set(whole) & set(part):
        np.testing.assert_allclose(whole[name][40:80], part[name], err_msg=name)

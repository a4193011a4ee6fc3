"""Compiled loops of `strongest_answers` on CPUs.

Images come padded, (n, H, W); a place is a patch of s x s pixels, `stride` pixels apart, (rows, columns) an
image. A patch is lit if it holds any ink; lit patches are numbered image by image, and `slots` (n, rows,
columns) has the number of each, -1 for a dark one. `where` (n, K, R) is the number of the patch that gave an
answer, -1 where none is above 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainables.compiled import compiled

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.signedinteger]


@compiled
def patch_energies(images: FloatArray, size: int, stride: int, energies: FloatArray, slots: IntArray) -> int:
    """|x_p|^2 of every patch into `energies` (n, rows, columns), numbers into `slots`; how many are lit."""
    n, height = images.shape[:2]
    rows, columns = energies.shape[1:]
    squared = np.empty((height, columns), images.dtype)
    lit = 0
    for i in range(n):
        image = images[i]
        for y in range(height):
            for column in range(columns):
                pixels = image[y, column * stride : column * stride + size]
                total = images.dtype.type(0)
                for x in range(size):
                    total += pixels[x] * pixels[x]
                squared[y, column] = total
        for row in range(rows):
            energy = energies[i, row]
            energy[:] = 0
            for y in range(row * stride, row * stride + size):
                line = squared[y]
                for column in range(columns):
                    energy[column] += line[column]
            for column in range(columns):
                slots[i, row, column] = -1
                if energy[column] > 0:
                    slots[i, row, column] = lit
                    lit += 1
    return lit


@compiled
def lit_patches(images: FloatArray, size: int, stride: int, slots: IntArray, patches: FloatArray) -> None:
    """The lit patches (m, s * s), row by row."""
    n, rows, columns = slots.shape
    for i in range(n):
        for row in range(rows):
            for column in range(columns):
                slot = slots[i, row, column]
                if slot < 0:
                    continue
                patch = patches[slot]
                left = column * stride
                for y in range(size):
                    own = patch[y * size : (y + 1) * size]
                    pixels = images[i, row * stride + y, left : left + size]
                    for x in range(size):
                        own[x] = pixels[x]


@compiled
def strongest(
    products: FloatArray,
    lengths: FloatArray,
    cosines: FloatArray,
    slots: IntArray,
    pool_size: tuple[int, int],
    pool_step: tuple[int, int],
    regions: tuple[int, int],
    answers: FloatArray,
    where: IntArray,
) -> None:
    """max over places p of a region of products - cosine * length, at least 0, into `answers` (n, K, R).

    products (m, K) of lit patches with templates, lengths (m,) their |x_p|, cosines (K,).
    """
    n, templates = len(slots), len(cosines)
    best = np.empty(templates, products.dtype)
    origin = np.empty(templates, where.dtype)
    for i in range(n):
        for across in range(regions[0] * regions[1]):
            top = (across // regions[1]) * pool_step[0]
            left = (across % regions[1]) * pool_step[1]
            best[:] = 0
            origin[:] = -1
            for row in range(top, top + pool_size[0]):
                line = slots[i, row, left : left + pool_size[1]]
                for column in range(pool_size[1]):
                    slot = line[column]
                    if slot < 0:
                        continue
                    product, length = products[slot], lengths[slot]
                    for k in range(templates):
                        answer = product[k] - cosines[k] * length
                        better = answer > best[k]
                        best[k] = answer if better else best[k]
                        origin[k] = slot if better else origin[k]
            for k in range(templates):
                answers[i, k, across] = best[k]
                where[i, k, across] = origin[k]


@compiled
def to_templates(
    gradient: FloatArray,
    where: IntArray,
    patches: FloatArray,
    lengths: FloatArray,
    to_template: FloatArray,
    to_cosine: FloatArray,
) -> None:
    """Add the gradient of answers (n, K, R) to those of templates (K, s * s) and cosines (K,)."""
    n, templates, regions = gradient.shape
    for i in range(n):
        for k in range(templates):
            for region in range(regions):
                slot = where[i, k, region]
                value = gradient[i, k, region]
                if slot < 0 or value == 0:
                    continue
                patch, sums = patches[slot], to_template[k]
                for pixel in range(len(patch)):
                    sums[pixel] += value * patch[pixel]
                to_cosine[k] -= value * lengths[slot]


@compiled
def to_pixels(
    gradient: FloatArray,
    where: IntArray,
    slots: IntArray,
    patches: FloatArray,
    lengths: FloatArray,
    templates: FloatArray,
    cosines: FloatArray,
    size: int,
    stride: int,
    to_images: FloatArray,
) -> None:
    """Add the gradient of answers (n, K, R) to that of padded images (n, H, W)."""
    n, rows, columns = slots.shape
    to_patch = np.zeros((rows * columns, size * size), to_images.dtype)
    first = np.empty(rows * columns, np.int64)
    for i in range(n):
        # Numbers of this image's lit patches follow each other.
        start = -1
        lit = 0
        for place in range(rows * columns):
            slot = slots[i, place // columns, place % columns]
            if slot >= 0:
                start = slot if start < 0 else start
                first[lit] = place
                lit += 1
        to_patch[:lit] = 0
        for k in range(gradient.shape[1]):
            for region in range(gradient.shape[2]):
                slot = where[i, k, region]
                value = gradient[i, k, region]
                if slot < 0 or value == 0:
                    continue
                along = value * cosines[k] / lengths[slot]
                sums, patch, template = to_patch[slot - start], patches[slot], templates[k]
                for pixel in range(size * size):
                    sums[pixel] += value * template[pixel] - along * patch[pixel]
        for number in range(lit):
            top, left = (first[number] // columns) * stride, (first[number] % columns) * stride
            for y in range(size):
                own = to_patch[number, y * size : (y + 1) * size]
                pixels = to_images[i, top + y, left : left + size]
                for x in range(size):
                    pixels[x] += own[x]

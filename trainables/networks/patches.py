"""Sizes of the patches that local units read, where the settings leave them to the image."""

from __future__ import annotations


def patch_size(given: int, image_shape: tuple[int, int]) -> int:
    """`given`, or for 0 the odd number nearest to a third of the shorter side: 9 of 28 pixels, 3 of 8."""
    return given or 2 * int(min(image_shape) / 6) + 1


def patch_stride(given: int, image_shape: tuple[int, int]) -> int:
    """`given`, or for 0 a fourteenth of the shorter side, at least 1: 2 of 28 pixels, 1 of 8."""
    return given or max(1, round(min(image_shape) / 14))


def places(side: int, size: int, stride: int) -> int:
    """Patches of odd `size` along a side that is padded by size // 2: ceil(side / stride)."""
    return (side + 2 * (size // 2) - size) // stride + 1

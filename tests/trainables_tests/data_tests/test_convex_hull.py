"""The filled hull against a drawing and against exact integer geometry."""

from __future__ import annotations

from itertools import pairwise

import torch

from trainables.data.convex_hull import filled_hull


def slow_hull(mask: torch.Tensor) -> torch.Tensor:
    """Monotone chain (Andrew 1979) in integers, then one side test per pixel and edge."""
    points = sorted((int(y), int(x)) for y, x in mask.nonzero())
    result = torch.zeros_like(mask)
    if not points:
        return result

    def cross(o: tuple[int, int], a: tuple[int, int], b: tuple[int, int]) -> int:
        return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])

    def chain(ordered: list[tuple[int, int]]) -> list[tuple[int, int]]:
        kept: list[tuple[int, int]] = []
        for point in ordered:
            while len(kept) >= 2 and cross(kept[-2], kept[-1], point) <= 0:
                kept.pop()
            kept.append(point)
        return kept

    border = chain(points)[:-1] + chain(points[::-1])
    for y in range(mask.shape[0]):
        for x in range(mask.shape[1]):
            ys, xs = [p[0] for p in points], [p[1] for p in points]
            in_box = min(ys) <= y <= max(ys) and min(xs) <= x <= max(xs)
            result[y, x] = in_box and all(cross(a, b, (y, x)) >= 0 for a, b in pairwise(border))
    return result


def test_known_by_hand() -> None:
    drawing = ["......", ".#..#.", "......", ".#....", "......"]
    expected = ["......", ".####.", ".##...", ".#....", "......"]

    def mask(rows: list[str]) -> torch.Tensor:
        return torch.tensor([[c == "#" for c in row] for row in rows])

    assert torch.equal(filled_hull(mask(drawing)[None])[0], mask(expected))


def test_agrees_with_integer_geometry() -> None:
    generator = torch.Generator().manual_seed(0)
    for side, share in [(8, 0.05), (8, 0.3), (28, 0.004), (28, 0.02), (28, 0.2)]:
        masks = torch.rand(12, side, side, generator=generator) < share
        assert torch.equal(filled_hull(masks), torch.stack([slow_hull(mask) for mask in masks])), (
            side,
            share,
        )


def test_oblong_empty_full_and_single() -> None:
    masks = torch.zeros(3, 5, 9, dtype=torch.bool)
    masks[1] = True
    masks[2, 3, 7] = True
    assert torch.equal(filled_hull(masks), masks)


def test_no_images_have_no_hulls() -> None:
    assert filled_hull(torch.zeros(0, 8, 8, dtype=torch.bool)).shape == (0, 8, 8)

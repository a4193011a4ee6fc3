"""Ink beyond the strokes' hull."""

from __future__ import annotations

import torch

from trainables.data.stroke_mask import stroke_mask
from trainables.edits.far_ink import far_from_strokes, shifted_round, with_far_ink
from trainables.seeds import generator


def ring() -> torch.Tensor:
    image = torch.zeros(1, 28, 28)
    image[0, 10:17, 10:17] = 1.0
    image[0, 11:16, 11:16] = 0.0
    return image


def test_neither_strokes_nor_what_they_enclose_is_far() -> None:
    far = far_from_strokes(ring())[0]
    rows, columns = (~far).nonzero(as_tuple=True)
    assert (int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())) == (8, 18, 8, 18)
    assert not far[13, 13]


def test_ink_comes_at_full_strength_and_only_far_away() -> None:
    images = ring().repeat(60, 1, 1)
    edited = with_far_ink(images, generator(0))
    far = far_from_strokes(images)
    assert torch.equal(edited[~far], images[~far])
    changed = (edited != images).flatten(1)
    assert changed.any(dim=1).float().mean() > 0.8
    assert edited[changed.view_as(edited)].unique().tolist() == [1.0]
    # Salt has neighbours by chance alone; another digit's ink comes in strokes.
    clustered = (stroke_mask(edited * far).float() * edited * far).flatten(1).sum(1)
    assert clustered.max() > 10


def test_equal_seeds_give_equal_ink() -> None:
    images = ring().repeat(8, 1, 1)
    one, same, other = (with_far_ink(images, generator(seed)) for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_shifting_round_is_rolling() -> None:
    images = torch.rand(2, 5, 7, generator=generator(0))
    found = shifted_round(images, torch.tensor([1, 3]), torch.tensor([0, 4]))
    assert torch.equal(found[0], images[0].roll((1, 0), (0, 1)))
    assert torch.equal(found[1], images[1].roll((3, 4), (0, 1)))

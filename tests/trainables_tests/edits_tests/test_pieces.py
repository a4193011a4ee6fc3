"""Pieces that hold a share of the ink."""

from __future__ import annotations

import pytest
import torch

from trainables.edits.pieces import blurred, holding_ink, ink_overlap, random_piece
from trainables.seeds import generator

IMAGES = torch.rand(40, 28, 28, generator=generator(0)) ** 4


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_piece_holds_its_share_and_no_pixel_more_than_it_needs(share: float) -> None:
    scores = torch.rand(IMAGES.shape, generator=generator(1))
    piece = holding_ink(scores, IMAGES, share)
    ink = (IMAGES * piece).flatten(1).sum(1)
    wanted = share * IMAGES.flatten(1).sum(1)
    assert (ink >= wanted - 1e-4).all()
    last = torch.where(piece, scores, torch.inf).flatten(1).argmin(dim=1)
    assert (ink - IMAGES.flatten(1).gather(1, last[:, None]).squeeze(1) < wanted).all()
    lowest = torch.where(piece, scores, torch.inf).flatten(1).amin(1)
    assert (torch.where(piece | (IMAGES == 0), -torch.inf, scores).flatten(1).amax(1) <= lowest).all()


def test_a_piece_is_of_ink_alone() -> None:
    images = torch.zeros(2, 8, 8)
    images[0, 2, 2:6] = 0.5
    piece = random_piece(images, 0.5, generator(0))
    assert int(piece[0].sum()) == 2
    assert not piece[1].any()
    assert not (piece & (images == 0)).any()


def test_random_pieces_hang_together_and_differ() -> None:
    images = torch.ones(200, 28, 28)
    piece = random_piece(images, 0.5, generator(0)).float()
    # A blob's pixel has mostly neighbours of its own kind; of pixels drawn alone half would.
    alike = (piece[:, :, 1:] == piece[:, :, :-1]).float().mean()
    assert alike > 0.85
    assert (piece.mean(dim=0) - 0.5).abs().mean() < 0.1


def test_overlap_counts_ink() -> None:
    image = torch.tensor([[[1.0, 3.0], [0.0, 2.0]]])
    piece = torch.tensor([[[True, True], [False, False]]])
    other = torch.tensor([[[False, True], [True, True]]])
    assert ink_overlap(piece, other, image).tolist() == [0.75]
    assert ink_overlap(piece, ~piece, image).tolist() == [0.0]


@pytest.mark.parametrize(("side", "window"), [(28, 5), (8, 3)])
def test_the_blur_follows_the_side(side: int, window: int) -> None:
    point = torch.zeros(1, side, side)
    point[0, side // 2, side // 2] = 1.0
    found = blurred(point)
    assert int((found > 0).sum()) == window**2
    assert found.max().item() == pytest.approx(1 / window**2)

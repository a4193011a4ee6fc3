"""Edits that stand in for the card's own: known strokes hold under them, what is no part does not."""

from __future__ import annotations

from functools import cache

import pytest
import torch
import torch.nn.functional as F

from tests.trainables_tests.validity_tests.judged import strokes
from tests.trainables_tests.validity_tests.planted import STROKES
from trainables.validity import card, unseen
from trainables.validity.card import Card
from trainables.validity.outcome import Outcome
from trainables.validity.part import hottest


@cache
def found() -> tuple[Card, dict[str, Outcome]]:
    _, judged = strokes()
    own = card.validity_card(judged.subject, judged.controls, draws=None)
    return own, unseen.unseen(own, judged.subject, judged.controls)


def passing(name: str, kind: str) -> int:
    """Latents of a kind that pass one stand-in, of all of that kind that the card edited."""
    network, _ = strokes()
    own, verdicts = found()
    of_kind = torch.isin(own.examined, network.columns(kind))
    return int((verdicts[name].passed & of_kind).sum())


@pytest.mark.parametrize("name", ["smaller", "mirrored", "boxed", "boxed_alone", "drawings"])
def test_strokes_pass_each(name: str) -> None:
    assert passing(name, "stroke") >= len(STROKES) - 2


# A blob of .7 of the ink holds most strokes whole, and a planted detector asks for nearly every pixel of its
# stroke, so that it misses a blob that was erased as well.
@pytest.mark.parametrize("name", ["larger", "erased"])
def test_half_of_the_strokes_pass_where_the_control_is_hard_to_beat(name: str) -> None:
    assert passing(name, "stroke") >= len(STROKES) // 2


def test_a_detector_of_exact_places_does_not_survive_a_shift() -> None:
    assert passing("shifted", "stroke") < len(STROKES) / 2


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("smaller", "ink"),
        ("erased", "absence"),
        ("mirrored", "ink"),
        ("boxed", "absence"),
        ("drawings", "veto"),
    ],
)
def test_what_is_no_part_fails(name: str, kind: str) -> None:
    assert passing(name, kind) == 0


def test_no_more_are_supported_by_all_than_by_any() -> None:
    own, verdicts = found()
    alone = [unseen.supported_under(own, verdicts, (name,)).value for name in unseen.STANDS_FOR]
    assert unseen.supported_under(own, verdicts).value <= min(alone)
    assert unseen.supported_under(own, verdicts, ()).value == own.supported().value > 0


def test_a_verdict_stands_in_for_the_test_of_its_name_alone() -> None:
    own, verdicts = found()
    none = Outcome(torch.zeros(len(own.examined), dtype=torch.bool), torch.zeros(len(own.examined)))
    assert own.supported({"moves": none}).value == 0
    assert unseen.supported_under(own, {**verdicts, "boxed": none}, ("boxed", "larger")).value == 0


def test_shifted_is_a_roll_over_black() -> None:
    images = torch.rand(1, 2, 6, 9)
    padded = F.pad(images, (9, 9, 6, 6))
    by = torch.tensor([[[2, -1], [-1, 3]]])
    moved = unseen.shifted(images, by)
    for image in range(2):
        down, across = by[0, image].tolist()
        rolled = padded[0, image].roll((down, across), dims=(0, 1))[6:-6, 9:-9]
        assert torch.equal(moved[0, image], rolled)


def test_boxes_have_the_mean_of_their_pixels_even_at_the_edge() -> None:
    heat = torch.rand(1, 1, 28, 28, dtype=torch.float64)
    boxes = unseen._boxes(heat)[0, 0]
    assert float(boxes[0, 0]) == pytest.approx(float(heat[0, 0, :5, :5].mean()))
    assert float(boxes[27, 27]) == pytest.approx(float(heat[0, 0, 25:, 25:].mean()))
    assert len(boxes.unique()) == 36


@pytest.mark.parametrize("side", [8, 28])
def test_lines_and_squares_leave_most_of_an_image_alone(side: int) -> None:
    draw = torch.Generator().manual_seed(0)
    for drawn in (unseen._lines(side, side, draw), unseen._squares(side, side, draw)):
        shares = drawn.double().mean(dim=(1, 2))
        assert shares.min() > 0
        assert shares.max() <= 0.25


def test_a_smaller_part_is_within_the_larger() -> None:
    images, order = torch.rand(3, 28, 28), torch.rand(3, 28, 28).double()
    small, large = (hottest(images, order, share) for share in (unseen.SMALLER, unseen.LARGER))
    assert (large | ~small).all()
    held = (images * small).sum(dim=(1, 2)) / images.sum(dim=(1, 2))
    assert ((held >= unseen.SMALLER - 1e-4) & (held < unseen.SMALLER + 0.01)).all()

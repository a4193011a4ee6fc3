"""What is done to images: where, how much, and to whom."""

from __future__ import annotations

import torch

from tests.trainables_tests.validity_tests.judged import strokes
from tests.trainables_tests.validity_tests.planted import planted
from trainables.data.stroke_mask import stroke_mask
from trainables.validity.draws import Draws, rolled
from trainables.validity.exhibits import spaced
from trainables.validity.far import beyond
from trainables.validity.part import blob, hottest, windows


def test_beyond_keeps_its_distance_from_the_ink() -> None:
    images = planted(20).images
    free = beyond(images, stroke_mask)
    near = torch.nn.functional.max_pool2d((images > 0).float()[:, None], 5, 1, 2)[:, 0] > 0
    assert free.any(dim=(1, 2)).all()
    assert not (free & near).any()


def test_small_images_leave_room() -> None:
    image = torch.zeros(1, 8, 8)
    image[0, 2:6, 3:5] = 1
    assert 0.3 < float(beyond(image, stroke_mask).float().mean()) < 0.7


def test_windows_cover_every_pixel_whatever_the_size() -> None:
    for height, width in ((28, 28), (8, 8), (5, 9), (32, 20)):
        covers = windows(height, width)
        assert covers.any(dim=0).all()
        sizes = covers.sum(dim=(1, 2))
        assert (sizes == sizes[0]).all()
    assert len(windows(28, 28)) == 49


def test_parts_and_blobs_hold_half_of_the_ink() -> None:
    images = planted(50).images
    draw = torch.Generator().manual_seed(0)
    total = images.sum(dim=(1, 2))
    most = images.amax(dim=(1, 2))
    for mask in (
        hottest(images, torch.rand(images.shape, generator=draw).double()),
        blob(images, torch.rand(50, generator=draw)),
    ):
        held = (images * mask).sum(dim=(1, 2))
        assert (held >= total / 2 - 1e-3).all()
        assert (held <= total / 2 + most + 1e-3).all()
        assert not (mask & (images == 0)).any()


def test_a_blank_image_has_no_part() -> None:
    blank = torch.zeros(1, 8, 8)
    assert not hottest(blank, torch.rand(1, 8, 8).double()).any()
    assert not blob(blank, torch.tensor([0.5])).any()


def test_rolling_is_torch_roll() -> None:
    images = torch.rand(3, 6, 9)
    shifts = torch.tensor([[0, 0], [2, 5], [5, 8]])
    for image, shift, moved in zip(images, shifts, rolled(images, shifts), strict=True):
        assert torch.equal(moved, image.roll(tuple(shift.tolist()), dims=(0, 1)))


def test_hosts_are_of_other_classes_or_other_images() -> None:
    _, judged = strokes()
    images, labels = judged.subject.images, judged.subject.labels
    assert labels is not None
    assert (labels[Draws(images, labels, judged.controls).hosts] != labels[:, None]).all()
    without = Draws(images, None, judged.controls).hosts
    assert (without != torch.arange(len(images))[:, None]).all()


def test_images_are_spaced_over_the_strongest_and_fire() -> None:
    codes = torch.arange(100.0)[:, None].clamp(min=59).sub(59)
    at = spaced(codes, 5, 0.25)[0]
    assert at.tolist() == [98, 96, 94, 92, 90]
    few = torch.zeros(100, 1)
    few[:3] = 1
    assert set(spaced(few, 6, 0.25)[0].tolist()) == {0, 1, 2}

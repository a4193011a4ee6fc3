"""Deletion and insertion: a latent of known pixels, a slow loop, and random maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from trainables.metrics import deletion
from trainables.metrics.deletion import Faithfulness, faithfulness
from trainables.metrics.entries.faithfulness import METRICS
from trainables.metrics.latent_image_pairs import Pairs, firing_pairs

SIDE = 10


def world() -> tuple[Tensor, Pairs]:
    """Images whose pixels are 1 with probability 0.2, and pairs of one latent with 32 of them."""
    generator = torch.Generator().manual_seed(0)
    images = (torch.rand(200, SIDE, SIDE, generator=generator) < 0.2).float()
    images[:40, 4, 3:7] = 1
    z = codes(images)
    return images, firing_pairs(z, torch.ones(2, dtype=torch.bool), seed=0)[0]


def codes(x: Tensor) -> Tensor:
    """Two latents: one needs all four pixels of a short bar, one their sum."""
    bar = x[:, 4, 3:7]
    return torch.stack([(bar.sum(1) - 3).relu(), bar.sum(1)], dim=1)


def map_of(where: Tensor, pairs: Pairs) -> Tensor:
    return where.expand(len(pairs), SIDE, SIDE)


def skills(found: Faithfulness) -> tuple[float, float]:
    """Of deletion and insertion, as their metrics report them."""
    by_name = {metric.name: metric for metric in METRICS}
    return (
        by_name["attribution/deletion"].skill(found.deletion, found.deletion_null),
        by_name["attribution/insertion"].skill(found.insertion, found.insertion_null),
    )


def right() -> Tensor:
    shown = torch.zeros(SIDE, SIDE)
    shown[4, 3:7] = 1
    return shown


def test_the_right_map_silences_and_restores_at_once_the_opposite_one_never() -> None:
    images, pairs = world()
    good = faithfulness(codes, map_of(right(), pairs), pairs, images, 0)
    bad = faithfulness(codes, map_of(1 - right(), pairs), pairs, images, 0)
    # Four pixels are gone after the second of 28 steps; resampled ones are bright one time in five.
    assert good.deletion < 0.07 < 0.7 < bad.deletion
    assert good.insertion > 0.95
    assert bad.insertion < 0.25
    (good_deletion, good_insertion), (bad_deletion, bad_insertion) = skills(good), skills(bad)
    # Without the floor, which resampling that excites the latent anew sets, this was 0.7 at best.
    assert good_deletion > 0.9
    assert good_insertion > 0.9
    assert bad_deletion < 0
    assert bad_insertion < 0


def test_a_map_whose_first_pixels_do_all_reaches_one_although_resampling_excites_the_latent() -> None:
    """A latent of one pixel that is bright in two images of three: the floor is 2/3."""
    images = (torch.rand(300, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) < 2 / 3).float()

    def one(x: Tensor) -> Tensor:
        return x[:, 5, 5][:, None]

    pairs = firing_pairs(one(images), torch.ones(1, dtype=torch.bool), seed=0)[0]
    perfect = torch.zeros(SIDE, SIDE)
    perfect[5, 5] = 1
    found = faithfulness(one, map_of(perfect, pairs), pairs, images, 0)
    assert found.deletion == pytest.approx(0, abs=1e-12)
    assert skills(found)[0] == pytest.approx(1)


def test_sign_and_size_of_a_map_do_not_matter_its_order_does() -> None:
    images, pairs = world()
    maps = torch.randn(len(pairs), SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    assert faithfulness(codes, maps, pairs, images, 0) == faithfulness(codes, -3 * maps, pairs, images, 0)


def test_random_maps_have_no_skill() -> None:
    """64 random orders against one random order of the null per draw: both vary by a few hundredths."""
    images, pairs = world()
    told = []
    for seed in range(8):
        maps = torch.rand(len(pairs), SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
        found = faithfulness(codes, maps, pairs, images, seed)
        told.append(skills(found))
    assert np.abs(np.mean(told, axis=0)).max() < 0.12


def test_agrees_with_a_slow_loop() -> None:
    images, pairs = world()
    maps = torch.rand(len(pairs), SIDE, SIDE, generator=torch.Generator().manual_seed(5))
    generator = torch.Generator().manual_seed(9)
    expected = np.zeros((2, 2))
    for _ in range(deletion.DRAWS):
        other = deletion.resampled(images, len(pairs.images), generator)
        torch.rand(1, SIDE, SIDE, generator=generator)  # the null's order
        areas: dict[int, list[tuple[float, float]]] = {0: [], 1: []}
        for at, column, ranked in zip(pairs.at.tolist(), pairs.column.tolist(), maps, strict=True):
            own = images[pairs.images[at]].flatten()
            order = sorted(range(SIDE**2), key=lambda p: -float(ranked.flatten()[p]))
            readings = []
            for step in range(deletion.STEPS + 1):
                taken = order[: round(step * SIDE**2 / deletion.STEPS)]
                gone, shown = own.clone(), other[at].flatten().clone()
                gone[taken], shown[taken] = other[at].flatten()[taken], own[taken]
                z = codes(torch.stack([gone, shown]).view(2, SIDE, SIDE))[:, column]
                clean = codes(own.view(1, SIDE, SIDE))[0, column]
                readings.append([min(1.0, float(value / clean)) for value in z])
            fallen = [readings[0][0], *[readings[-1][0]] * deletion.STEPS]
            floor = np.array([np.trapezoid(fallen, dx=1 / deletion.STEPS), 0])
            areas[column].append(tuple(np.trapezoid(np.array(readings).T, dx=1 / deletion.STEPS) - floor))
        expected += np.array([np.mean(areas[j], axis=0) for j in (0, 1)]) / deletion.DRAWS
    found = faithfulness(codes, maps, pairs, images, 9)
    np.testing.assert_allclose([found.deletion, found.insertion], expected.mean(0), rtol=1e-6)


def test_permuting_latents_scaling_and_batch_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    images, pairs = world()
    maps = torch.rand(len(pairs.at), SIDE, SIDE, generator=torch.Generator().manual_seed(5))
    plain = faithfulness(codes, maps, pairs, images, 0)

    def changed(x: Tensor) -> Tensor:
        return codes(x)[:, [1, 0]] * torch.tensor([2.0, 8.0])

    other = firing_pairs(changed(images), torch.ones(2, dtype=torch.bool), seed=0)[0]
    place = {pair: i for i, pair in enumerate(zip(pairs.at.tolist(), pairs.column.tolist(), strict=True))}
    again = [
        place[at, 1 - column] for at, column in zip(other.at.tolist(), other.column.tolist(), strict=True)
    ]
    assert faithfulness(changed, maps[again], other, images, 0) == plain
    monkeypatch.setattr(deletion, "IMAGES_AT_ONCE", 100)
    assert faithfulness(codes, maps, pairs, images, 0) == plain


def test_resampled_pixels_keep_their_place() -> None:
    images = world()[0][:1].expand(50, SIDE, SIDE)
    assert torch.equal(deletion.resampled(images, 7, torch.Generator().manual_seed(0)), images[:7])


def test_without_a_latent_no_skill() -> None:
    images, _ = world()
    nobody = firing_pairs(torch.zeros(200, 2), torch.ones(2, dtype=torch.bool), seed=0)[0]
    found = faithfulness(codes, torch.zeros(0, SIDE, SIDE), nobody, images, 0)
    assert skills(found) == (0, 0)

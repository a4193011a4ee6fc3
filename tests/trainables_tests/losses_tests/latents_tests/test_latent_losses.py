"""Losses on latents: planted latents of both kinds, gradients against differences, each formula by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.trainables_tests.losses_tests.latents_tests.strokes import (
    BORDER,
    DIFFUSE,
    FIRST,
    IMAGES,
    LABELS,
    LOCAL,
    SECOND,
    SIDE,
    THETA,
    batch_of,
    one_of,
)
from trainables import registry
from trainables.edits.far_ink import with_far_ink
from trainables.losses.latents.end_to_end import reconstructed_kl
from trainables.losses.latents.erasing import erasing
from trainables.losses.latents.far_ink import far_ink
from trainables.losses.latents.latent_batch import LatentBatch
from trainables.losses.latents.locality import locality, spread
from trainables.losses.latents.moves import moves
from trainables.losses.latents.orthogonality import row_likeness
from trainables.losses.latents.solo import solo
from trainables.seeds import generator


def at(loss: Tensor) -> float:
    return float(loss.detach())


def test_only_images_that_a_latent_fires_for_take_part() -> None:
    batch = batch_of(LOCAL, DIFFUSE)
    assert len(batch) == 12
    assert torch.equal(batch.images, IMAGES[:12])
    assert torch.equal(batch.own, torch.full((12,), 5.0, dtype=torch.float64))


def test_latents_are_drawn_by_their_codes() -> None:
    drawn = torch.cat([batch_of(LOCAL, 3 * DIFFUSE, -LOCAL, seed=seed).chosen for seed in range(60)])
    counts = torch.bincount(drawn, minlength=3)
    assert counts[2] == 0
    assert counts[1] / counts.sum() == pytest.approx(0.75, abs=0.06)


def test_the_part_is_where_the_latent_looks_and_the_blob_is_not() -> None:
    batch = batch_of(LOCAL)
    assert torch.equal(batch.part, (FIRST > 0).expand(12, -1, -1))
    assert (batch.images * batch.blob).sum(dim=(1, 2)).tolist() == [5.0] * 12
    assert 0.1 < float(batch.overlap.mean()) < 0.9
    torch.testing.assert_close(batch.overlap, (batch.blob & batch.part).sum(dim=(1, 2)).double() / 5)


def test_hosts_are_of_another_class() -> None:
    everywhere = torch.ones(SIDE, SIDE, dtype=torch.float64)
    batch = batch_of(everywhere)
    assert len(batch) == 24
    assert torch.equal(batch.hosts[:12], IMAGES[12:])
    assert torch.equal(batch.hosts[12:], IMAGES[:12])
    alone = batch_of(LOCAL, images=IMAGES[:12])
    assert not alone.hosts.any()


def test_a_part_that_is_enough_and_alone_costs_nothing() -> None:
    assert at(solo(batch_of(LOCAL))) == 0.0
    # A latent of both strokes keeps half of itself on the better half of its ink.
    assert at(solo(batch_of(DIFFUSE))) == pytest.approx((0.8 * 5 - 2.5) / 5)


def test_a_part_that_fires_others_pays_for_them_up_to_a_limit() -> None:
    # Twins, both at 5 on the part; whichever is chosen, the other is over .8 theta by 4.2.
    assert at(solo(batch_of(LOCAL, LOCAL))) == pytest.approx(0.3 * (5 - 0.8) / 5)
    assert at(solo(batch_of(*[LOCAL] * 40))) == pytest.approx(0.3 * 8)


@pytest.mark.parametrize("loss", [moves, erasing])
def test_a_latent_of_one_stroke_beats_one_of_all_ink(loss: Callable[[LatentBatch], Tensor]) -> None:
    local, diffuse = (
        sum(at(loss(batch_of(latent, seed=seed))) for seed in range(8)) / 8 for latent in (LOCAL, DIFFUSE)
    )
    assert local < 0.6 * diffuse


def test_moves_is_its_formula() -> None:
    batch = batch_of(DIFFUSE)
    on_part, on_blob = 2.5, 2.5  # half of the ink, and the host has none that it reads
    undue = (1 - batch.overlap) * 2 * (on_blob - 0.8)
    assert at(moves(batch)) == pytest.approx(float(((0.7 * 5 - on_part) + undue).mean()) / 5)


def test_erasing_is_its_formula() -> None:
    batch = batch_of(DIFFUSE)
    missing = (1 - batch.overlap) * (0.7 * 5 - 2.5)
    assert at(erasing(batch)) == pytest.approx(float((2 * (2.5 - 0.8) + missing).mean()) / 5)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_far_ink_costs_latents_that_heed_it_in_either_direction(sign: float) -> None:
    assert at(far_ink(batch_of(LOCAL))) == 0.0
    batch = batch_of(LOCAL + 0.5 * sign * BORDER)
    found = at(far_ink(batch))
    assert found > 0.05
    again = batch_of(LOCAL + 0.5 * sign * BORDER)
    drawn = again.generator
    again.chosen  # noqa: B018 (the draw that precedes the edit)
    border = (with_far_ink(again.images, drawn) * BORDER).sum(dim=(1, 2))
    assert found == pytest.approx(float((0.5 * border - 0.5).clamp(min=0).mean()) / 5)


def test_row_likeness_sees_the_nearest_pair_alone() -> None:
    assert float(row_likeness(torch.eye(4))) == 0.0
    assert float(row_likeness(torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]]))) == pytest.approx(2 / 3)
    assert float(row_likeness(torch.ones(1, 3))) == 0.0


def test_spread_is_0_at_a_place_and_a_sixth_over_the_image() -> None:
    grid = (torch.arange(40) + 0.5) / 40
    places = torch.cartesian_prod(grid, grid)
    one_place = torch.zeros(1600, 1)
    one_place[7] = -3.0
    assert float(spread(one_place, places)) == pytest.approx(0.0, abs=1e-6)
    assert float(spread(torch.ones(1600, 2), places)) == pytest.approx(1 / 6, rel=1e-3)


def test_locality_asks_for_places() -> None:
    with pytest.raises(ValueError, match="parts, bag"):
        locality(batch_of(LOCAL))


def test_kl_is_0_for_equal_logits_and_its_formula() -> None:
    clean, other = (torch.randn(5, 4, generator=generator(seed)).double() for seed in (0, 1))
    assert float(reconstructed_kl(clean + 3.0, clean)) == pytest.approx(0, abs=1e-12)
    p, q = clean.softmax(1), other.softmax(1)
    assert float(reconstructed_kl(other, clean)) == pytest.approx(float((p * (p / q).log()).sum(1).mean()))


class Held(LatentBatch):
    """A batch whose constants stay those of `held`, so that differences see what gradients see."""

    def __init__(self, weights: Tensor, held: LatentBatch | None) -> None:
        def read(images: Tensor) -> Tensor:
            return (images.to(weights).flatten(1) @ weights).tanh() * 6

        super().__init__(
            read, IMAGES[:12], LABELS[:12], read(IMAGES[:12]), THETA,
            encoder=weights, decoder=weights.T, generator=generator(3), read_one=one_of(read),
            unit_places=torch.rand(SIDE**2, 2, generator=generator(4), dtype=torch.float64),
        )  # fmt: skip
        if held is not None:
            constant = ("codes", "chosen", "own", "part", "blob", "overlap", "hosts")
            self.__dict__.update({name: getattr(held, name) for name in constant})
        self.generator = generator(5)


@pytest.mark.parametrize("name", registry.LATENT_LOSSES)
def test_gradients_are_those_of_differences(name: str) -> None:
    loss = registry.LATENT_LOSSES[name].load_implementation()
    strokes = torch.stack([0.12 * LOCAL, 0.06 * (FIRST + SECOND), 0.1 * SECOND + 0.02 * BORDER])
    noise = 0.01 * torch.randn(strokes.shape, generator=generator(6), dtype=torch.float64)
    weights = (strokes + noise).flatten(1).T.clone().requires_grad_()
    held = Held(weights, None)
    assert at(loss(Held(weights, held))) > 0
    assert torch.autograd.gradcheck(lambda w: loss(Held(w, held)), (weights,), eps=1e-7, atol=1e-5)

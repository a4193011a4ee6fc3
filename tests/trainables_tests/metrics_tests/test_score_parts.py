"""Parts of the score: perfection 1, chance 0 at any firing rate, and no death that pays."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.metrics import junk, score_parts, selectivity
from trainables.metrics.directions import direction_families
from trainables.metrics.latent_image_pairs import sample_latents


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_purities(k: int = 50, c: int = 4000, room: float = 0.6, seed: int = 0) -> Tensor:
    """Purities like those of directions, wider at few images, some of them perfect there."""
    spread = 0.1 + 0.3 / torch.arange(1, k + 1, dtype=torch.float64).sqrt()
    drawn = room + spread[:, None] * torch.randn(k, c, generator=seeded(seed), dtype=torch.float64)
    return drawn.clamp(0.1, 1.0)


def test_perfect_frequent_latents_earn_1_and_no_latents_less_than_nothing() -> None:
    scale = score_parts.purity_scale(random_purities())
    last = torch.full((20,), 49)
    assert score_parts.purity_part(torch.ones(20, dtype=torch.float64), last, 20, scale) == pytest.approx(1)
    assert score_parts.purity_part(torch.zeros(0, dtype=torch.float64), last[:0], 20, scale) < 0


@pytest.mark.parametrize("room", [0.3, 0.6, 0.9])
def test_chance_latents_earn_0_at_any_firing_rate(room: float) -> None:
    """4,000 fresh latents, s.d. of a credit below 0.4, room 1 - c at least 0.4: s.e. 0.016, four allowed."""
    scale = score_parts.purity_scale(random_purities(room=room))
    fresh = random_purities(room=room, seed=1)
    for counts in (torch.full((4000,), 9), torch.full((4000,), 49), torch.arange(4000) % 41 + 9):
        own = fresh.gather(0, counts[None])[0]
        assert abs(score_parts.purity_part(own, counts, 4000, scale)) < 0.07


def test_the_threshold_solves_its_equation() -> None:
    purities = random_purities()
    scale = score_parts.purity_scale(purities)
    t = scale.threshold[:, None]
    credit = scale.factor[:, None] * (purities - t).clamp(min=0) / (1 - t)
    torch.testing.assert_close(credit.mean(dim=1), torch.full((50,), scale.chance, dtype=torch.float64))
    assert scale.chance <= score_parts.MOST_CHANCE
    assert (scale.factor[-1], bool((scale.factor <= 1).all())) == (1, True)


def test_every_gain_above_the_threshold_counts() -> None:
    scale = score_parts.purity_scale(random_purities())
    last = torch.tensor([49])
    parts = [
        score_parts.purity_part(torch.tensor([p], dtype=torch.float64), last, 1, scale)
        for p in torch.linspace(float(scale.threshold[-1]), 1, 6).tolist()
    ]
    assert parts == sorted(set(parts))


def test_no_death_raises_the_purity_part_whatever_the_latent() -> None:
    scale = score_parts.purity_scale(random_purities())
    own = torch.rand(30, generator=seeded(3), dtype=torch.float64)
    last = torch.randint(9, 50, (30,), generator=seeded(4))
    whole = score_parts.purity_part(own, last, 40, scale)
    for j in range(30):
        kept = torch.arange(30) != j
        assert score_parts.purity_part(own[kept], last[kept], 40, scale) <= whole + 1e-12


def measured_junk(junks: Tensor, alive: Tensor, seed: int) -> junk.Junk:
    chosen = sample_latents(alive, seed)
    own = junks[chosen]
    return junk.Junk(chosen, own, own, own, float(alive.double().mean()))


def test_no_death_raises_the_junk_part_even_where_latents_are_sampled() -> None:
    """200 latents, 64 of them looked at: a death brings another latent in, but not into the part."""
    junks = 2 * torch.rand(200, generator=seeded(5), dtype=torch.float64)
    alive = torch.rand(200, generator=seeded(6)) < 0.8
    whole = score_parts.junk_part(measured_junk(junks, alive, 0), 200, 0.1, 0)
    for j in alive.nonzero()[:, 0].tolist():
        fewer = alive.clone()
        fewer[j] = False
        assert score_parts.junk_part(measured_junk(junks, fewer, 0), 200, 0.1, 0) <= whole + 1e-12


def test_junk_part_of_strokes_only_of_uniform_and_of_untrained_reading() -> None:
    alive = torch.ones(64, dtype=torch.bool)
    untrained = 1 + 0.2 * torch.randn(64, generator=seeded(0), dtype=torch.float64)
    chance = score_parts.junk_chance(untrained)
    assert chance > 0
    for junks, expected in ((torch.zeros(64), 1), (untrained, 0)):
        part = score_parts.junk_part(measured_junk(junks.double(), alive, 0), 64, chance, 0)
        assert part == pytest.approx(expected, abs=1e-12)
    assert score_parts.junk_part(measured_junk(torch.ones(64).double(), alive, 0), 64, chance, 0) < 0


def test_random_directions_as_latents_earn_about_nothing_on_real_activations() -> None:
    """256 directions against 512: s.e. of the mean credit about 0.3 sqrt(1/256 + 1/512) = 0.023."""
    labels = torch.randint(0, 5, (2000,), generator=seeded(0))
    h = (torch.randn(5, 12, generator=seeded(1))[labels] + torch.randn(2000, 12, generator=seeded(2))).relu()
    null = selectivity.direction_purities(h, labels, 5, direction_families(h, 0)["random"])
    fresh = F.normalize(torch.randn(256, 12, generator=seeded(9)), dim=1)
    own = selectivity.direction_purities(h, labels, 5, fresh)
    last = torch.randint(9, 50, (256,), generator=seeded(8))
    part = score_parts.purity_part(own.gather(0, last[None])[0], last, 256, score_parts.purity_scale(null))
    assert abs(part) < 0.09

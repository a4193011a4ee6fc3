"""l0, fvu and firing fractions against hand-planted codes and a slow loop."""

from __future__ import annotations

import pytest
import torch

from trainables.metrics import sae_statistics as stats


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def planted(n: int = 200, f: int = 12, k: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes with exactly k active latents a sample, and activations made from them by a dictionary (f, 8)."""
    order = random(n, f).argsort(dim=1)[:, :k]
    z = torch.zeros(n, f).scatter_(1, order, random(n, k, seed=1).abs() + 0.1)
    return z, random(f, 8, seed=2)


def test_planted_dictionary_has_planted_l0_and_no_unexplained_variance() -> None:
    z, dictionary = planted()
    h = z @ dictionary
    assert stats.l0(z) == 3
    assert stats.fvu(h, h.clone()) == 0


@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_mean_predictor_scores_exactly_one(offset: float) -> None:
    h = random(300, 16).relu() + offset
    assert stats.fvu(h, h.double().mean(dim=0).expand_as(h)) == 1.0


def test_fvu_agrees_with_a_slow_loop_far_from_the_origin() -> None:
    h = random(50, 4) + 100
    h_hat = h + 0.3 * random(50, 4, seed=1)
    rows, predicted = h.double().tolist(), h_hat.double().tolist()
    mean = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    error = sum((a - b) ** 2 for x, y in zip(rows, predicted, strict=True) for a, b in zip(x, y, strict=True))
    total = sum((a - m) ** 2 for x in rows for a, m in zip(x, mean, strict=True))
    assert stats.fvu(h, h_hat) == pytest.approx(error / total, rel=1e-9)


def test_constant_activations_take_the_mean_predictors_value() -> None:
    assert stats.fvu(torch.full((10, 3), 0.5), torch.zeros(10, 3)) == 1.0


def test_rescaling_a_latent_with_its_decoder_row_changes_nothing() -> None:
    z, dictionary = planted()
    h = random(200, 8, seed=5)
    scale = torch.logspace(-3, 3, 12, base=2)
    assert stats.fvu(h, (z * scale) @ (dictionary / scale[:, None])) == pytest.approx(
        stats.fvu(h, z @ dictionary), rel=1e-5
    )
    assert stats.l0(z * scale) == stats.l0(z)


def test_dead_rare_and_dense_latents_are_counted() -> None:
    z = torch.zeros(2000, 4)
    z[0, 1] = 1.0  # once in 2,000: rare, not dead
    z[:2, 2] = 1.0  # exactly 0.1 %: not rare
    z[:1001, 3] = 1.0  # just over a half: dense
    counts = stats.firing_counts(z)
    assert counts.tolist() == [0, 1, 2, 1001]
    assert stats.alive_mask(counts).tolist() == [False, True, True, True]
    assert stats.firing_fractions(counts, 2000) == stats.FiringFractions(dead=0.25, rare=0.5, dense=0.25)


def test_without_a_firing_latent_everything_is_finite() -> None:
    counts = stats.firing_counts(torch.zeros(5, 3))
    assert stats.firing_fractions(counts, 5) == stats.FiringFractions(dead=1.0, rare=1.0, dense=0.0)
    assert stats.l0(torch.zeros(5, 3)) == 0

"""Inversions of latents whose pattern is known, their scores, nulls and invariances."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.trainables_tests.inversion_tests.world import LATENTS, PatternModel, images, measured, patterns
from trainables.inversion import invert as inversion
from trainables.inversion.image_prior import fit_image_prior
from trainables.inversion.invert import Inversions, invert
from trainables.inversion.settings import InversionConfig
from trainables.inversion.target import Targets, targets
from trainables.metrics.inversion_scores import (
    agreement,
    inversion_scores,
    read,
    scores,
)

QUICK = InversionConfig(steps=60, restarts=3)


def found(model: PatternModel, settings: InversionConfig = QUICK) -> tuple[Targets, Inversions]:
    m = measured(model)
    wanted = targets(model, m.val_z, torch.arange(LATENTS))
    return wanted, invert(model, wanted, fit_image_prior(m.activations.train_images), (10, 10), settings, 0)


def test_an_inversion_shows_the_pattern_of_its_latent() -> None:
    inverted = found(PatternModel())[1].images.mean(dim=1).flatten(1)
    cosine = torch.corrcoef(torch.cat([inverted, patterns().flatten(1)]))[:LATENTS, LATENTS:]
    assert (cosine.diagonal() > 0.6).all()
    assert torch.equal(cosine.argmax(dim=1), torch.arange(LATENTS))


def test_planted_latents_are_nearly_pure_and_beat_noise() -> None:
    result = inversion_scores(measured(PatternModel()), 0, QUICK)
    assert result["purity"] > 0.95
    assert result["purity_null"] < 0.3
    assert result["purity_best_real"] == pytest.approx(1, abs=0.01)
    assert 0.5 < result["purity_top_mean"] <= 1
    assert result["rank"] == 1
    assert result["drive"] > 1
    assert result["agreement"] > 0.8


def test_each_term_of_the_objective_does_what_it_says() -> None:
    m = measured(PatternModel())
    prior = fit_image_prior(m.activations.train_images)

    def score(**weights: float) -> dict[str, float]:
        wanted, inverted = found(PatternModel(), QUICK.model_copy(update=weights))
        return scores(m.model, wanted, inverted, prior)

    bare = score(off_target=0.0, total_variation=0.0, prior=0.0)
    assert score(off_target=0.0, total_variation=1.0, prior=0.0)["tv_ratio"] < bare["tv_ratio"]
    assert score(off_target=0.0, total_variation=0.0, prior=1.0)["nn_ratio"] < bare["nn_ratio"]
    assert score(off_target=3.0, total_variation=0.0, prior=0.0)["purity"] >= bare["purity"]


def test_the_objective_is_the_formula() -> None:
    model = PatternModel(torch.tensor([1.0, 2.0, 4.0, 0.5, 1.0]))
    m = measured(model)
    wanted = targets(model, m.val_z, torch.tensor([1, 3]))
    prior = fit_image_prior(m.activations.train_images)
    x, seen = images(4, 7)[0], images(4, 8)[0]
    settings = InversionConfig(total_variation=0.7, prior=0.3)
    result = inversion.loss(model, wanted, prior, settings, x, seen, off_target=0.9)
    u, z = (part.double().numpy() for part in model.encode(model.hidden(seen)))
    norms = np.linalg.norm(model.decoder.double().numpy(), axis=1)
    for i, j in enumerate([1, 1, 3, 3]):
        own = m.val_z[:, j][m.val_z[:, j] > 0].double().numpy()
        q99 = np.quantile(own, 0.99)
        others = sum(norms[k] * z[i, k] for k in range(LATENTS) if k != j)
        expected = -u[i, j] / q99 + 0.9 * others / (norms[j] * q99)
        expected += 0.7 * float(prior.variations(x[i : i + 1])) + 0.3 * float(prior.residuals(x[i : i + 1]))
        assert float(result[i]) == pytest.approx(expected, rel=1e-4)


def test_scores_by_hand() -> None:
    model = PatternModel(torch.tensor([1.0, 2.0, 4.0, 0.5, 1.0]))
    m = measured(model)
    wanted = targets(model, m.val_z, torch.tensor([0, 2]))
    x = patterns()[[2, 2]] + 0.5 * patterns()[[0, 0]]
    reading = read(model, wanted, x, torch.tensor([0, 1]))
    z = model.encode(model.hidden(x))[1].double()
    masses = z * model.decoder.norm(dim=1).double()
    for i, j in enumerate([0, 2]):
        assert float(reading.purity[i]) == pytest.approx(float(masses[i, j] / masses[i].sum()), rel=1e-5)
        assert float(reading.drive[i]) == pytest.approx(float(z[i, j] / wanted.q99[i]), rel=1e-5)
    assert reading.rank.tolist() == [2.0, 1.0]


def test_agreement_is_the_mean_pairwise_cosine_of_what_is_not_common_to_all_data() -> None:
    generator = torch.Generator().manual_seed(0)
    x, mean = torch.rand(2, 3, 4, 4, generator=generator), torch.rand(16, generator=generator)
    expected = []
    for restarts in x.flatten(2).double().numpy() - mean.double().numpy():
        unit = restarts / np.linalg.norm(restarts, axis=1, keepdims=True)
        expected.append(np.mean([unit[i] @ unit[j] for i in range(3) for j in range(3) if i != j]))
    np.testing.assert_allclose(agreement(x, mean).numpy(), expected, rtol=1e-6)
    assert agreement(x[:, :1].expand(-1, 4, -1, -1), mean).tolist() == pytest.approx([1.0, 1.0])


def test_permuting_latents_and_rescaling_them_with_their_rows_changes_nothing() -> None:
    order, gains = torch.tensor([3, 0, 4, 1, 2]), torch.tensor([4.0, 0.5, 2.0, 1.0, 8.0])
    plain = inversion_scores(measured(PatternModel()), 0, QUICK)
    changed = inversion_scores(measured(PatternModel(gains, order)), 0, QUICK)
    assert changed == pytest.approx(plain, abs=0.01)


def test_latents_at_once_seed_and_global_randomness(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = InversionConfig(steps=5, restarts=2)
    before = torch.get_rng_state()
    plain = found(PatternModel(), quick)[1].images
    assert torch.equal(found(PatternModel(), quick)[1].images, plain)
    assert torch.equal(torch.get_rng_state(), before)
    monkeypatch.setattr(inversion, "LATENTS_AT_ONCE", 2)
    torch.testing.assert_close(found(PatternModel(), quick)[1].images, plain, atol=1e-4, rtol=0.0)


def test_weights_stay_without_gradients() -> None:
    model = PatternModel()
    model.encoder.requires_grad_()
    found(model, InversionConfig(steps=2, restarts=2))
    assert model.encoder.grad is None


def test_a_random_dictionary_on_noise_is_far_from_pure() -> None:
    """40 random directions: an image that drives one drives others, unlike planted patterns."""

    class Random(PatternModel):
        def __init__(self) -> None:
            super().__init__()
            weights = torch.randn(100, 40, generator=torch.Generator().manual_seed(0))
            self.encoder, self.bias, self.decoder = weights, torch.zeros(40), weights.T / 100

    result = inversion_scores(measured(Random()), 0, InversionConfig(steps=10, restarts=2, off_target=0))
    assert result["purity"] < 0.4
    assert abs(result["purity_null"] - 1 / 40) < 0.03


def test_without_a_latent_that_fires() -> None:
    m = measured(PatternModel())
    silent = replace(m, firing=torch.zeros_like(m.firing), val_z=torch.zeros_like(m.val_z))
    result = inversion_scores(silent, 0, QUICK)
    assert set(result) == set(inversion_scores(m, 0, InversionConfig(steps=1)))
    assert all(isfinite(value) for value in result.values())
    assert (result["purity"], result["purity_null"], result["rank"]) == (0, 0, LATENTS)


def test_oblong_images() -> None:
    shown: Tensor = images(60, 0)[0][:, :, :7].contiguous()

    class Narrow(PatternModel):
        def encode(self, h: Tensor) -> tuple[Tensor, Tensor]:
            padded = torch.nn.functional.pad(h.view(-1, 10, 7), (0, 3)).flatten(1)
            return super().encode(padded)

    model = Narrow()
    z = model.encode(model.hidden(shown))[1]
    wanted = targets(model, z, torch.tensor([0, 2]))
    result = invert(model, wanted, fit_image_prior(shown), (10, 7), InversionConfig(steps=2), 0)
    assert result.images.shape == (2, 4, 10, 7)

"""All metrics together on a world where the right answers are known."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.errors import TrialDiverged
from trainables.metrics import catalog, junk, measured, selectivity
from trainables.metrics.evaluate import evaluate_alone
from trainables.model.interface import SupportsFeatures

CLASSES, SIDE = 4, 8


def blocks(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """A bright 2x2 block whose quadrant is the class, brightness varying: h has one direction per class."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, CLASSES, (n,), generator=generator)
    brightness = 0.6 + 0.4 * torch.rand(n, generator=generator)
    return brightness[:, None, None] * patterns()[labels].reshape(n, SIDE, SIDE), labels


def patterns() -> Tensor:
    """(classes, pixels): 1 on the class's block."""
    shown = torch.zeros(CLASSES, SIDE, SIDE)
    for c in range(CLASSES):
        top, left = 1 + 4 * (c // 2), 1 + 4 * (c % 2)
        shown[c, top : top + 2, left : left + 2] = 1
    return shown.flatten(1)


class Dictionary:
    """Hidden layer = pixels; latents relu(h E + bias); reconstruction z D; a head that adds up each block."""

    def __init__(self, encoder: Tensor, decoder: Tensor, bias: float = 0.0) -> None:
        self.encoder, self.decoder, self.bias = encoder, decoder, bias

    def hidden(self, images: Tensor) -> Tensor:
        return images.flatten(1).relu()

    def head(self, h: Tensor) -> Tensor:
        return 5 * h @ patterns().t()

    def encode(self, h: Tensor) -> tuple[Tensor, Tensor]:
        u = h @ self.encoder + self.bias * (self.encoder != 0).any(dim=0)
        return u, u.relu()

    def decode(self, z: Tensor) -> Tensor:
        return z @ self.decoder


def planted() -> Dictionary:
    return Dictionary(patterns().t() / 4, patterns())


def without(model: Dictionary, latents: list[int]) -> Dictionary:
    encoder = model.encoder.clone()
    encoder[:, latents] = 0
    return Dictionary(encoder, model.decoder, model.bias)


def run(model: SupportsFeatures, **changes: Any) -> dict[str, float]:
    generator = torch.Generator().manual_seed(9)
    weights = torch.randn(SIDE * SIDE, 32, generator=generator)
    train, val = blocks(600, 0), blocks(300, 1)
    settings: dict[str, Any] = {"seed": 0} | changes
    return rung_metrics(model, lambda x: (x.flatten(1) @ weights).relu(), *train, *val, **settings)


def rung_metrics(
    model: SupportsFeatures, untrained: Callable[[Tensor], Tensor], *splits: Tensor, **settings: Any
) -> dict[str, float]:
    """All that exists at rungs, the classifier's own metrics included."""
    found = measured.measure(model, *splits)
    return evaluate_alone(catalog.measured_at("epoch", "rung"), found, untrained, **settings)


def test_the_planted_dictionary_is_perfect_in_everything() -> None:
    result = run(planted())
    assert result["sae/l0"] == 1
    assert result["sae/fvu"] == pytest.approx(0, abs=1e-10)
    assert result["sae/dead_fraction"] == 0
    assert result["splice/accuracy_drop"] == 0
    assert result["splice/ce_recovered"] == pytest.approx(1)
    # Here every pixel of a block is as pure, so that the strongest control leaves no room.
    assert result["selectivity/purity"] == result["selectivity/purity_images"] == 1
    assert result["selectivity/purity_null"] == 1
    assert result["selectivity/purity_skill"] == 0
    assert result["attribution/junk"] == 0
    assert result["probe/accuracy"] == result["probe/raw_accuracy"] == 1


def test_names_are_those_of_the_table_and_values_are_finite_floats() -> None:
    result = run(planted())
    assert set(result) == {name for name, info in catalog.METRICS.items() if info.when in ("epoch", "rung")}
    assert all(type(value) is float and isfinite(value) for value in result.values())


def test_a_dictionary_that_never_fires_takes_every_null() -> None:
    result = run(without(planted(), [0, 1, 2, 3]))
    assert result["sae/dead_fraction"] == 1
    assert result["selectivity/purity"] == result["selectivity/purity_null"]
    assert result["attribution/junk"] == 1
    assert result["attribution/junk_skill"] == result["selectivity/purity_skill"] == 0
    assert result["probe/accuracy"] < 0.4


def test_reported_values_agree_with_their_nulls_and_skills() -> None:
    result = run(planted())
    value, null, skill = (result["attribution/junk" + suffix] for suffix in ("", "_null", "_skill"))
    assert skill == pytest.approx((null - value) / null)
    families = [result[f"selectivity/purity_{name}"] for name in ("gaussian", "images", "pca", "neurons")]
    assert result["selectivity/purity_null"] == pytest.approx(max(families))


def mixed() -> Dictionary:
    """Four class detectors, each beside one that also reads the background, none below chance."""
    leaky = (patterns().t() / 4 + 0.02).clamp(max=0.25)
    return Dictionary(torch.cat([patterns().t() / 4, leaky], dim=1), patterns().repeat(2, 1) / 2, bias=-0.1)


def test_permuting_latents_and_rescaling_them_with_their_decoder_rows_changes_nothing() -> None:
    model, order = mixed(), torch.tensor([5, 2, 7, 0, 1, 4, 3, 6])
    scale = 2.0 ** torch.tensor([3, -2, 0, 1, 4, -1, 2, -3])
    plain = run(Dictionary(model.encoder, model.decoder))
    changed = run(Dictionary((model.encoder * scale)[:, order], (model.decoder / scale[:, None])[order]))
    assert changed == pytest.approx(plain, abs=1e-5)


def test_the_batch_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = run(mixed())
    monkeypatch.setattr(measured, "BATCH", 64)
    monkeypatch.setattr(junk, "PAIRS", 50)
    assert run(mixed()) == pytest.approx(plain, abs=1e-5)


def test_the_same_seed_gives_the_same_numbers_and_leaves_global_randomness_alone() -> None:
    before = torch.get_rng_state()
    assert run(mixed(), seed=3) == run(mixed(), seed=3)
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_that_need_gradients_are_left_without_any() -> None:
    """A trained classifier arrives with requires_grad; measuring it must not touch `.grad`."""
    model = mixed()
    model.encoder.requires_grad_()
    run(model)
    assert model.encoder.grad is None


def test_a_metric_that_is_not_finite_ends_the_trial_by_name() -> None:
    broken = Dictionary(planted().encoder, patterns() * float("nan"))
    with pytest.raises(TrialDiverged, match="sae/fvu"):
        run(broken)


def test_random_images_and_dictionary_show_no_skill() -> None:
    """Labels independent of images: a purity skill only by luck of 48 latents (s.e. below 0.01), a probe at
    chance 1/4 (300 val images, s.d. 0.025)."""
    generator = torch.Generator().manual_seed(11)
    images = torch.rand(2300, SIDE, SIDE, generator=generator)
    labels = torch.randint(0, CLASSES, (2300,), generator=generator)
    encoder = F.normalize(torch.randn(SIDE * SIDE, 48, generator=generator), dim=0)
    result = rung_metrics(
        Dictionary(encoder, encoder.t()),
        lambda x: (x.flatten(1) @ encoder).relu(),
        images[:2000],
        labels[:2000],
        images[2000:],
        labels[2000:],
        seed=0,
    )
    assert abs(result["selectivity/purity_skill"]) < 0.04
    assert abs(result["probe/accuracy"] - 0.25) < 0.1
    assert abs(result["attribution/junk"] - 1) < 0.1


def test_fewer_images_than_a_top_list_needs() -> None:
    train, val = blocks(30, 0), blocks(5, 1)
    result = rung_metrics(
        planted(),
        lambda x: x.flatten(1),
        *train,
        *val,
        seed=0,
    )
    assert selectivity.TOP > 30
    assert all(isfinite(value) for value in result.values())

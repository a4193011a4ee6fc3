"""Final and confirmation scores on a dictionary of known patterns, trained and untrained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isfinite

import pytest
import torch
from torch import Tensor

from tests.trainables_tests.inversion_tests.world import LATENTS, PatternModel, measured
from trainables.metrics.catalog import registered
from trainables.metrics.evaluate import evaluate_alone
from trainables.metrics.measured import Measured

FINAL = ("attribution/gini", "inversion/colour_gap")
CONFIRM = ("attribution/deletion", "attribution/insertion", "attribution/randomisation")


def untrained(x: Tensor) -> Tensor:
    weights = torch.randn(100, 100, generator=torch.Generator().manual_seed(3)).to(x)
    return (x.flatten(1) @ weights).relu()


def scores(
    names: tuple[str, ...], m: Measured, reading: Callable[[Tensor], Tensor] = untrained
) -> dict[str, float]:
    """The metrics of those names, against an untrained network that reads images by `reading`."""
    return evaluate_alone([metric for metric in registered() if metric.name in names], m, reading, seed=0)


def test_patterns_are_concentrated_and_fire_for_shapes() -> None:
    result = scores(FINAL, measured(PatternModel()))
    assert result["attribution/gini"] > 0.5
    assert result["attribution/gini_skill"] == result["attribution/gini"]
    assert result["attribution/gini_untrained"] == pytest.approx(2**0.5 - 1, abs=0.05)
    # A pattern less its rivals cancels on any even ground.
    assert result["inversion/colour_gap"] == 0
    # Pixels of h: most are black on every image and white on every inverse.
    assert result["inversion/colour_gap_neurons"] > 0.5


def test_true_gradients_find_the_pixels_and_die_with_the_network() -> None:
    result = scores(CONFIRM, measured(PatternModel()))
    assert result["attribution/deletion_skill"] > 0.3
    assert result["attribution/insertion_skill"] > 0.3
    assert abs(result["attribution/randomisation"]) < 0.2
    same = scores(CONFIRM, measured(PatternModel()), PatternModel().hidden)
    assert same["attribution/randomisation"] == pytest.approx(1)


def test_permuting_and_rescaling_latents_changes_nothing() -> None:
    order, gains = torch.tensor([3, 0, 4, 1, 2]), torch.tensor([4.0, 0.5, 2.0, 1.0, 8.0])

    def everything(m: Measured) -> dict[str, float]:
        return scores(FINAL + CONFIRM, m)

    changed = everything(measured(PatternModel(gains, order)))
    assert changed == pytest.approx(everything(measured(PatternModel())), abs=1e-4)


def test_without_a_latent_every_score_is_finite_and_without_skill() -> None:
    m = measured(PatternModel())
    silent = replace(m, firing=torch.zeros(LATENTS, dtype=torch.int64), val_z=torch.zeros_like(m.val_z))
    result = scores(FINAL + CONFIRM, silent)
    assert all(isfinite(value) for value in result.values())
    assert all(value == 0 for name, value in result.items() if name.endswith("_skill"))
    assert result["inversion/colour_gap"] == result["inversion/colour_gap_neurons"]

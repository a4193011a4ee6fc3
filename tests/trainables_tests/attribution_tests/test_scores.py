"""Final and confirmation scores on a dictionary of known patterns, trained and untrained."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

import pytest
import torch
from torch import Tensor

from tests.trainables_tests.inversion_tests.world import LATENTS, PatternModel, measured
from trainables.metrics import catalog
from trainables.metrics.attribution_scores import confirm_scores, final_scores
from trainables.metrics.measured import Measured


def untrained(x: Tensor) -> Tensor:
    weights = torch.randn(100, 100, generator=torch.Generator().manual_seed(3)).to(x)
    return (x.flatten(1) @ weights).relu()


def test_patterns_are_concentrated_and_fire_for_shapes() -> None:
    result = final_scores(measured(PatternModel()), 0.41, seed=0)
    assert result["attribution/gini"] > 0.5
    assert result["attribution/gini_skill"] == result["attribution/gini"]
    assert result["attribution/gini_untrained"] == 0.41
    # A pattern less its rivals cancels on any even ground.
    assert result["inversion/colour_gap"] == 0
    # Pixels of h: most are black on every image and white on every inverse.
    assert result["inversion/colour_gap_neurons"] > 0.5


def test_true_gradients_find_the_pixels_and_die_with_the_network() -> None:
    result = confirm_scores(measured(PatternModel()), untrained, seed=0)
    assert result["attribution/deletion_skill"] > 0.3
    assert result["attribution/insertion_skill"] > 0.3
    assert abs(result["attribution/randomisation"]) < 0.2
    same = confirm_scores(measured(PatternModel()), PatternModel().hidden, seed=0)
    assert same["attribution/randomisation"] == pytest.approx(1)


def test_permuting_and_rescaling_latents_changes_nothing() -> None:
    order, gains = torch.tensor([3, 0, 4, 1, 2]), torch.tensor([4.0, 0.5, 2.0, 1.0, 8.0])

    def everything(m: Measured) -> dict[str, float]:
        return final_scores(m, 0.0, 0) | confirm_scores(m, untrained, 0)

    changed = everything(measured(PatternModel(gains, order)))
    assert changed == pytest.approx(everything(measured(PatternModel())), abs=1e-4)


def test_without_a_latent_every_score_is_finite_and_without_skill() -> None:
    m = measured(PatternModel())
    silent = replace(m, firing=torch.zeros(LATENTS, dtype=torch.int64), val_z=torch.zeros_like(m.val_z))
    result = final_scores(silent, 0.41, 0) | confirm_scores(silent, untrained, 0)
    assert all(isfinite(value) for value in result.values())
    assert all(value == 0 for name, value in result.items() if name.endswith("_skill"))
    assert result["inversion/colour_gap"] == result["inversion/colour_gap_neurons"]


def test_names_and_times_are_those_of_the_table() -> None:
    m = measured(PatternModel())
    for when, found in (
        ("final", final_scores(m, 0.41, 0)),
        ("confirm", confirm_scores(m, untrained, 0)),
    ):
        assert {catalog.METRICS[name].when for name in found} == {when}
        listed = {
            name
            for name, info in catalog.METRICS.items()
            if info.when == when and name.startswith("attribution/")
        }
        assert listed == {name for name in found if name.startswith("attribution/")}

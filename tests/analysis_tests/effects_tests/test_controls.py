"""Which arm is whose control, on the designs that are shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.effects.controls import control_setting, controls
from search.space.loader import load_study
from search.study.design import Design

SPACES = Path(__file__).parents[3] / "spaces"


def design_of(name: str) -> Design:
    design = load_study(SPACES / name).study.listed
    assert design is not None
    return design


@pytest.fixture(scope="module")
def ablation() -> Design:
    return design_of("ablation.yaml")


def test_the_ablation_has_three_controls(ablation: Design) -> None:
    by_chance = [arm.name for arm in ablation.arms if control_setting(arm.changes) is not None]
    assert by_chance == ["random_rotation", "concepts_shuffled", "cycle_random"]


def test_what_is_held_against_which_control(ablation: Design) -> None:
    bases = ["pca", "pca_variance", "whitened_pca", "zca", "ica"]
    cycles = [
        f"cycle_{x}" for x in ("masked_code", "class_mean", "cluster_mean", "continued", "defibrillated")
    ]
    assert controls(ablation) == {
        **dict.fromkeys(bases, "random_rotation"),
        **dict.fromkeys(cycles, "cycle_random"),
        **dict.fromkeys(["concepts_half", "concepts_all"], "concepts_shuffled"),
    }


def test_of_several_controls_the_one_with_the_same_weight() -> None:
    found = controls(design_of("sae_ception.yaml"))
    assert found["codes_0.14"] == "random_0.14"
    assert found["class_mean_0.3"] == "random_0.3"
    assert len(found) == 6

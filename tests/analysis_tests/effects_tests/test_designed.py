"""Effects of a design: planted, against scipy's paired test, against their control, and unfinished."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analysis.effects.designed import designed_effects
from analysis.effects.effect import DirectionEffect, EffectTable
from analysis.effects.table import direction_effects
from search.ledger.history import History
from search.space.loader import load_text
from search.study.design import Design
from search.study.sections import Objective
from search.study.study import Study
from tests.analysis_tests.effects_tests.planted import Searched, history_of

SPACE = """\
name: ablation
question: What does each direction do?
data: {name: digits}
objectives:
  - {metric: probe/accuracy, mode: max}
  - {metric: attribution/junk, mode: min}
trial:
  classifier: {hidden_size: 16}
design:
  replicates: 4
  one_at_a_time:
    pca: {basis.kind: pca, basis.components: 8}
    random_rotation: {basis.kind: random_rotation}
    junk: {auxiliary.junk_penalty: 2}
"""
ARMS = ("default", "pca", "random_rotation", "junk")


@pytest.fixture(scope="module")
def study() -> Study:
    return load_text(SPACE, "ablation.yaml").study


def history(study: Study, seed: int, junk: float = 0.0, states: dict[int, str] | None = None) -> History:
    """Replicates differ by 1, arms by 0.01, and the arm junk by `junk` in attribution/junk."""
    assert isinstance(study.listed, Design)
    rng = np.random.default_rng(seed)
    draws = [study.listed.draw(k)[0] for k in range(study.listed.trials)]
    common = rng.normal(size=study.listed.replicates)
    base = np.array([common[int(draw["replicate"])] for draw in draws])
    lower = np.array([junk if draw["direction"] == "junk" else 0.0 for draw in draws])
    metrics = {
        "probe/accuracy": base + 0.01 * rng.normal(size=len(draws)),
        "attribution/junk": base - lower + 0.01 * rng.normal(size=len(draws)),
    }
    return history_of(draws, metrics, states)


def one(table: EffectTable, direction: str, objective: str, control: str = "default") -> DirectionEffect:
    (found,) = [
        effect
        for effect in table.effects
        if (effect.direction, effect.objective, effect.control) == (direction, objective, control)
    ]
    return found


def test_a_planted_effect_is_found_and_told_as_help(study: Study) -> None:
    table = direction_effects(Searched(study, history(study, 0, junk=0.5)))
    found = one(table, "junk", "attribution/junk")
    assert found.mean == pytest.approx(-0.5, abs=0.03)
    assert found.verdict == "helps"
    assert found.survives_correction
    assert (found.n_with, found.n_without, found.method) == (4, 4, "paired")
    assert found.setting == "auxiliary.junk_penalty: 2"
    assert abs(one(table, "junk", "probe/accuracy").mean) < 0.03


def test_intervals_agree_with_scipys_paired_test(study: Study) -> None:
    told = history(study, 1)
    table = direction_effects(Searched(study, told))
    values = {
        (trial.params["direction"], trial.params["replicate"]): trial.metrics["attribution/junk"]
        for trial in told.trials.values()
    }
    for arm, control in (("pca", "default"), ("pca", "random_rotation")):
        with_it, without = ([values[name, k] for k in range(4)] for name in (arm, control))
        expected = stats.ttest_rel(with_it, without)
        interval = expected.confidence_interval(0.95)
        found = one(table, arm, "attribution/junk", control)
        assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
        assert found.p_value == pytest.approx(expected.pvalue)


def test_arms_are_held_against_their_control_too(study: Study) -> None:
    table = direction_effects(Searched(study, history(study, 0)))
    pairs = [(e.direction, e.control) for e in table.of("probe/accuracy")]
    assert pairs == [
        ("pca", "default"),
        ("pca", "random_rotation"),
        ("random_rotation", "default"),
        ("junk", "default"),
    ]
    assert [e.direction for e in table.of("probe/accuracy") if e.is_control] == ["random_rotation"]
    assert math.isnan(one(table, "pca", "probe/accuracy", "random_rotation").q_value)
    assert any(note.startswith("random_rotation: controls") for note in table.method_note)


def test_one_null_effect_in_twenty_is_clear(study: Study) -> None:
    clear = [
        effect.is_clear
        for seed in range(60)
        for effect in direction_effects(Searched(study, history(study, seed))).effects
        if effect.control == "default"
    ]
    assert len(clear) == 360
    assert 0.02 <= np.mean(clear) <= 0.09  # 3 and more standard errors of 1.1 % around 5 %


def test_a_single_pair_has_a_mean_and_no_verdict(study: Study) -> None:
    told = history(study, 0, states={k: "FAIL" for k in range(4, 16)})
    found = one(direction_effects(Searched(study, told)), "junk", "probe/accuracy")
    assert math.isfinite(found.mean)
    assert (found.n_with, found.verdict) == (1, "too few")
    assert math.isnan(found.low)


def test_without_a_default_nothing_is_told(study: Study) -> None:
    told = history(study, 0, states=dict.fromkeys(range(0, 16, 4), "FAIL"))
    table = direction_effects(Searched(study, told))
    assert table.effects == ()
    assert "default" in table.method_note[0]


def test_a_metric_that_nobody_measured_is_too_few(study: Study) -> None:
    assert isinstance(study.listed, Design)
    table = designed_effects(study.listed, history(study, 0), [Objective(metric="sae/fvu", mode="min")])
    assert {effect.verdict for effect in table.effects} == {"too few"}


def test_equal_values_in_all_pairs() -> None:
    study = load_text(SPACE, "ablation.yaml").study
    assert isinstance(study.listed, Design)
    draws = [study.listed.draw(k)[0] for k in range(16)]
    same = history_of(draws, {"probe/accuracy": np.ones(16), "attribution/junk": np.arange(16) % 4.0})
    table = direction_effects(Searched(study, same))
    none, sure = one(table, "junk", "probe/accuracy"), one(table, "junk", "attribution/junk")
    assert (none.low, none.high, none.verdict, none.p_value) == (0.0, 0.0, "unclear", 1.0)
    # Of a metric that goes in steps of 1, four equal differences are sure, but not certain.
    assert (sure.mean, sure.verdict) == (3.0, "hurts")
    assert 0 < sure.p_value < 0.001


def test_a_space_that_cannot_be_read_has_no_effects() -> None:
    table = direction_effects(Searched(None, History()))
    assert table.effects == ()
    assert table.method_note


def test_damaged_records_are_passed_over(study: Study) -> None:
    told = history(study, 0, junk=0.5)
    told.trials[3].reports.clear()
    told.trials[7].params = {}
    assert one(direction_effects(Searched(study, told)), "junk", "attribution/junk").n_with == 2

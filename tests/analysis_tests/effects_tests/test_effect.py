"""Verdicts, q-values against scipy's, and what is said of chance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analysis.effects.effect import (
    DirectionEffect,
    EffectTable,
    Verdict,
    chance_note,
    verdict_of,
    with_q_values,
)
from search.study.sections import Mode


def an_effect(p: float, low: float = 0.1, high: float = 0.3) -> DirectionEffect:
    verdict = verdict_of(low, high, "max")
    return DirectionEffect("x", "x: 1", "default", "m", "max", 0.2, low, high, 5, 5, "paired", verdict, p)


@pytest.mark.parametrize(
    ("low", "high", "mode", "verdict"),
    [
        (0.1, 0.2, "max", "helps"),
        (0.1, 0.2, "min", "hurts"),
        (-0.2, -0.1, "max", "hurts"),
        (-0.2, -0.1, "min", "helps"),
        (-0.1, 0.1, "max", "unclear"),
        (0.0, 0.0, "max", "unclear"),
        (0.0, 0.1, "min", "unclear"),
        (math.nan, 0.1, "max", "too few"),
        (-math.inf, math.inf, "max", "too few"),
    ],
)
def test_verdicts(low: float, high: float, mode: Mode, verdict: Verdict) -> None:
    assert verdict_of(low, high, mode) == verdict


def test_q_values_agree_with_scipy() -> None:
    p = np.random.default_rng(0).random(40) ** 3
    told = with_q_values([an_effect(float(value)) for value in p], [True] * 40)
    assert [effect.q_value for effect in told] == pytest.approx(stats.false_discovery_control(p))


def test_q_values_leave_out_what_has_no_p_value_or_is_of_another_family() -> None:
    effects = [an_effect(0.01), an_effect(math.nan), an_effect(0.02), an_effect(0.9)]
    told = with_q_values(effects, [True, True, False, True])
    assert [effect.q_value for effect in told[::3]] == pytest.approx([0.02, 0.9])
    assert math.isnan(told[1].q_value)
    assert math.isnan(told[2].q_value)


def test_clear_is_not_yet_sure() -> None:
    told = with_q_values([an_effect(0.04), *(an_effect(0.5, -0.1, 0.1) for _ in range(9))], [True] * 10)
    assert told[0].is_clear
    assert not told[0].survives_correction
    assert chance_note(told).startswith("Of 10 effects 1 is clear")
    assert "0 are still clear" in chance_note(told)


def test_the_table_gives_the_surest_first() -> None:
    table = EffectTable((an_effect(0.04), an_effect(0.5, -1, 1), an_effect(0.001)), ())
    assert [effect.p_value for effect in table.clear()] == [0.001, 0.04]
    assert len(table.of("m")) == 3
    assert table.of("other") == ()

"""Draws from a space: they are the study's own, and differ by what is held alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.effects.settings import (
    Held,
    drawn_settings,
    held_active,
    place_of,
    settings_of,
    uniforms,
    value_at,
)
from search.space.loader import load_study
from search.study.domains import Choice, Condition, FloatRange, IntRange, Parameter, Scalar
from search.study.study import Study
from tests.analysis_tests.effects_tests.planted import params_of, planted_study

SPACES = Path(__file__).parents[3] / "spaces"


@pytest.fixture(scope="module")
def directions() -> Study:
    """The largest space that is shipped: switches, nested kinds, conditions on `or` values."""
    return load_study(SPACES / "directions.yaml").study


def drawn_by_the_study(study: Study, draw: dict[str, Scalar]) -> set[str]:
    """What the study itself would draw next, step by step, given the values of `draw`."""
    params: dict[str, Scalar] = {}
    for parameter in study.parameters:
        if not study.is_active(parameter, params):
            continue
        if parameter.has_switch:
            params[parameter.switch_path] = draw[parameter.switch_path]
            if not params[parameter.switch_path]:
                continue
        params[parameter.path] = draw[parameter.path]
    return set(params)


def test_draws_are_those_that_the_study_would_make(directions: Study) -> None:
    draws = params_of(directions, drawn_settings(directions, uniforms(directions, 64), {}))
    for draw in draws:
        assert drawn_by_the_study(directions, draw) == set(draw)
        directions.trial_config(draw)


def test_settings_of_draws_are_the_draws(directions: Study) -> None:
    made = drawn_settings(directions, uniforms(directions, 32), {})
    read, whole = settings_of(directions, params_of(directions, made))
    assert whole.all()
    for parameter in directions.parameters:
        column, expected = read[parameter.path], made[parameter.path]
        assert (column.on == expected.on).all()
        assert (column.active == expected.active)[: len(whole)].all() or not parameter.has_switch
        if not isinstance(parameter.domain, IntRange):  # those are rounded on the way
            assert column.place == pytest.approx(expected.place)


def test_what_is_held_makes_a_parameter_active_in_every_draw(directions: Study) -> None:
    numbers = uniforms(directions, 32)
    for parameter in directions.parameters:
        held = held_active(directions, parameter)
        assert drawn_settings(directions, numbers, held)[parameter.path].active.all(), parameter.path


def test_conditions_on_one_parameter_hold_together() -> None:
    kind = Parameter("kind", Choice(("a", "b", "c")))
    inner = Parameter(
        "inner", FloatRange(0.0, 1.0), tuple(Condition("kind", x) for x in (("a", "b"), ("b", "c")))
    )
    switched = Parameter("kind", FloatRange(0.0, 1.0), has_switch=True, or_value=0.0)
    outer = Parameter("outer", FloatRange(0.0, 1.0), (Condition("kind", (0.0,)),))
    assert held_active(planted_study((kind, inner)), inner) == {"kind": Held(options=(1,))}
    study = planted_study((switched, outer))
    drawn = drawn_settings(study, uniforms(study, 32), {})
    assert (drawn["outer"].on == ~drawn["kind"].on).all()


def test_two_sides_differ_in_what_is_held_and_what_hangs_on_it() -> None:
    study = planted_study()
    numbers = uniforms(study, 64)
    raw = drawn_settings(study, numbers, {"basis.kind": Held(options=(0,))})
    ica = drawn_settings(study, numbers, {"basis.kind": Held(options=(2,))})
    assert not raw["basis.components"].on.any()
    assert ica["basis.components"].on.all()
    for path in ("sae.kind", "sae.width", "auxiliary.junk"):
        assert (raw[path].place == ica[path].place).all()
        assert (raw[path].on == ica[path].on).all()


def test_holding_a_switch_and_a_stretch() -> None:
    study = planted_study()
    numbers = uniforms(study, 64)
    off = drawn_settings(study, numbers, {"auxiliary.junk": Held(off=True)})["auxiliary.junk"]
    high = drawn_settings(study, numbers, {"auxiliary.junk": Held(low=0.75)})["auxiliary.junk"]
    assert off.active.all()
    assert not off.on.any()
    assert high.on.all()
    assert (high.place >= 0.75).all()


@pytest.mark.parametrize(
    "domain", [FloatRange(1e-3, 10, log=True), FloatRange(-1, 2), IntRange(8, 32, log=True), IntRange(0, 4)]
)
def test_places_and_values_are_inverse(domain: FloatRange | IntRange) -> None:
    parameter = Parameter("x", domain)
    for value in (domain.low, domain.high, value_at(parameter, 0.5)):
        place = place_of(parameter, value)
        assert place is not None
        assert value_at(parameter, place) == pytest.approx(value)


@pytest.mark.parametrize("value", [-1.0, 5e9, 10**400, True, "much"])
def test_what_is_no_value_has_no_place(value: Scalar) -> None:
    assert place_of(Parameter("x", FloatRange(0.1, 10, log=True)), value) is None


def test_trials_of_another_space_are_marked() -> None:
    study = planted_study()
    draws = params_of(study, drawn_settings(study, np.full((3, 12), 0.7), {}))
    draws[1]["sae.width"] = 1_000_000
    draws[2]["sae.kind"] = "another"
    assert settings_of(study, draws)[1].tolist() == [True, False, False]

"""Which questions a space gives rise to, and which trials stand on which side."""

from __future__ import annotations

import numpy as np

from analysis.effects.contrasts import contrasts
from analysis.effects.settings import settings_of
from search.study.domains import Choice, FloatRange, IntRange, Parameter
from tests.analysis_tests.effects_tests.planted import planted_study


def told(*parameters: Parameter) -> list[tuple[str, str, str]]:
    found = contrasts(planted_study(parameters))
    return [(question.parameter.path, question.setting, question.control) for question in found]


def test_options_are_held_against_the_default() -> None:
    assert told(Parameter("a", Choice(("x", "y", "z")), default="y")) == [("a", "x", "y"), ("a", "z", "y")]


def test_a_default_outside_the_options_leaves_the_first() -> None:
    assert told(Parameter("a", Choice(("x", "y")), default="off")) == [("a", "y", "x")]


def test_a_switch_is_held_against_off_and_its_range_by_ends() -> None:
    assert told(Parameter("a", FloatRange(1e-3, 1e3, log=True), has_switch=True, or_value=0.0)) == [
        ("a", "on (0.001 to 1000)", "off"),
        ("a", "10 to 1000", "0.001 to 0.1"),
    ]


def test_a_switch_that_is_not_off_at_zero_says_what_it_is() -> None:
    assert told(Parameter("a", Choice((1, 2)), has_switch=True, or_value="auto", default=1)) == [
        ("a", "on (1, 2)", "off (auto)"),
        ("a", "2", "1"),
    ]


def test_what_has_one_value_is_no_question() -> None:
    assert told(Parameter("a", Choice(("x",))), Parameter("b", IntRange(3, 3))) == []


def test_an_option_by_chance_is_a_control_of_the_others() -> None:
    parameter = Parameter("basis.kind", Choice(("raw", "ica", "random_rotation")), default="raw")
    found = contrasts(planted_study((parameter,)))
    assert [(q.setting, q.control, q.is_control, q.is_second) for q in found] == [
        ("ica", "raw", False, False),
        ("ica", "random_rotation", False, True),
        ("random_rotation", "raw", True, False),
    ]


def test_sides_are_the_trials_that_say_so() -> None:
    study = planted_study()
    draws = [
        {"auxiliary.junk?": True, "auxiliary.junk": value} for value in (0.001, 0.02, 0.1, 0.5, 10.0)
    ] + [{"auxiliary.junk?": False}, {}]
    trials, _ = settings_of(study, draws)
    switch, ends = [q for q in contrasts(study) if q.parameter.path == "auxiliary.junk"]
    assert [np.flatnonzero(side).tolist() for side in switch.sides(trials)] == [[0, 1, 2, 3, 4], [5]]
    assert [np.flatnonzero(side).tolist() for side in ends.sides(trials)] == [[3, 4], [0, 1]]

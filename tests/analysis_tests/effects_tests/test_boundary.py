"""The best at an end of a range, on the range's own scale."""

from __future__ import annotations

import pytest

from analysis.effects.boundary import BoundaryWarning, boundary_warnings
from search.ledger.history import History
from search.study.domains import Choice, FloatRange, IntRange, Parameter, Scalar
from tests.analysis_tests.effects_tests.planted import Searched, history_of, planted_study

LINEAR = Parameter("x", FloatRange(0.0, 100.0))
LOG = Parameter("x", FloatRange(1.0, 10_000.0, log=True))


def warned(parameter: Parameter, *values: Scalar) -> tuple[BoundaryWarning, ...]:
    """Of a front of trials with these values, all equally good."""
    draws: list[dict[str, Scalar]] = [{parameter.path: value} for value in values]
    scores = [1.0] * len(draws)
    return boundary_warnings(Searched(planted_study((parameter,)), history_of(draws, {"m": scores})))


@pytest.mark.parametrize(
    ("parameter", "value", "end"),
    [
        (LINEAR, 1.9, "low"),
        (LINEAR, 98.1, "high"),
        (LINEAR, 100.0, "high"),
        (LINEAR, 2.1, None),
        (LOG, 1.1, "low"),
        (LOG, 100.0, None),  # 1 % of the range, but half of its scale
        (LOG, 9_000.0, "high"),
        (LOG, 8_000.0, None),
        (Parameter("x", IntRange(1, 4)), 4, "high"),
        (Parameter("x", IntRange(1, 4)), 3, None),
        (Parameter("x", IntRange(3, 3)), 3, None),
        (Parameter("x", Choice((1, 2))), 2, None),
    ],
)
def test_near_an_end_or_not(parameter: Parameter, value: Scalar, end: str | None) -> None:
    assert [warning.end for warning in warned(parameter, value)] == ([] if end is None else [end])


def test_only_the_front_counts() -> None:
    history = history_of([{"x": 50.0}, {"x": 100.0}], {"m": [2.0, 1.0]})
    assert boundary_warnings(Searched(planted_study((LINEAR,)), history)) == ()


def test_what_is_said() -> None:
    (found,) = warned(LINEAR, 100.0, 50.0, 99.0)
    assert (found.path, found.bound, found.values, found.trials) == ("x", 100.0, (100.0, 99.0), (0, 2))
    assert (found.n_best, found.includes_best) == (3, True)
    assert found.share == pytest.approx(2 / 3)
    assert found.sentence == (
        "x: 2 of the 3 best trials that draw it lie at the high end of its range, 100 (0000, 0002); the best "
        "may lie beyond it."
    )


def test_a_parameter_that_is_switched_off_presses_nowhere() -> None:
    parameter = Parameter("x", FloatRange(0.0, 1.0), has_switch=True, or_value=0.0)
    history = history_of([{"x?": False}, {"x?": True, "x": 1.0}], {"m": [1.0, 1.0]})
    (found,) = boundary_warnings(Searched(planted_study((parameter,)), history))
    assert (found.trials, found.n_best, found.includes_best) == ((1,), 1, False)


def test_the_largest_share_comes_first() -> None:
    first, second = warned(LINEAR, 0.0, 100.0, 99.0)
    assert (first.end, second.end) == ("high", "low")


def test_values_outside_the_range_and_unread_spaces_press_nowhere() -> None:
    assert warned(LINEAR, 1e9, "text") == ()
    assert boundary_warnings(Searched(None, History())) == ()

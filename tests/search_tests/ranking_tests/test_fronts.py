"""Pareto fronts in one pass, against the definition."""

from __future__ import annotations

import random

import pytest

from search.ledger.history import TrialRecord
from search.ranking.pareto import pareto_front, pareto_fronts
from tests.search_tests.histories import make_study


def peeled(trials: list[TrialRecord]) -> list[list[int]]:
    """By definition: who is beaten by none, then who is beaten by none of the rest. Accuracy
    up, junk down."""
    rest = {trial.number: (-trial.values[0], trial.values[1]) for trial in trials if trial.values}
    fronts = []
    while rest:
        front = [
            number
            for number, a in rest.items()
            if not any(b != a and b[0] <= a[0] and b[1] <= a[1] for b in rest.values())
        ]
        fronts.append(sorted(front, key=lambda number: (rest[number], number)))
        for number in front:
            del rest[number]
    return fronts


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("digits", [1, 6])  # one decimal makes many equals
def test_fronts_are_those_of_the_definition(seed: int, digits: int) -> None:
    draw = random.Random(seed)
    trials = []
    for number in draw.sample(range(200), 80):
        values = (round(draw.random(), digits), round(draw.random(), digits))
        trials.append(TrialRecord(number, {}, "sampler", 0.0, state="COMPLETE", values=values))
    study = make_study(constrained=False)
    expected = peeled(trials)
    assert [[trial.number for trial in front] for front in pareto_fronts(study, trials)] == expected
    assert [trial.number for trial in pareto_front(study, trials)] == expected[0]


def test_nothing_to_rank() -> None:
    assert pareto_fronts(make_study(), []) == []
    assert pareto_front(make_study(), []) == []

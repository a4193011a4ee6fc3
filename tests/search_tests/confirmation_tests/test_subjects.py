"""Which trials are confirmed, and with which seeds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from search.confirmation.subjects import (
    FIRST_FRESH,
    LAST_REPLICATE,
    Subject,
    Task,
    choose_subjects,
    config_of,
    first_fresh_replicate,
    named_subjects,
    tasks,
)
from search.errors import NoTrialCompleted, SpaceError
from search.study.domains import IntRange, Parameter
from tests.search_tests.histories import Run, make_study, typical_run


def front_of(n: int) -> Run:
    """A default that all beat, and a front of `n` trials, from the most accurate to the least junk."""
    run = Run(make_study(trials=n + 1))
    run.complete(0, 0.5, 1.2)
    for i in range(n):
        run.complete(1 + i, 0.95 - 0.01 * i, 0.9 - 0.1 * i, width=100 + i)
    return run


def chosen(run: Run, top: int) -> list[int]:
    return [subject.trial for subject in choose_subjects(run.study, run.history, top)]


def test_the_best_and_the_default_in_this_order() -> None:
    run = typical_run()
    assert choose_subjects(run.study, run.history, 2) == [
        Subject(1, False),
        Subject(2, False),
        Subject(0, True),
    ]


def test_a_short_front_is_filled_up_from_behind_and_the_default_is_not_there_twice() -> None:
    run = typical_run()
    assert chosen(run, 3) == [1, 2, 0]
    assert chosen(run, 10) == [1, 2, 0], "infeasible, pruned and failed trials are never confirmed"


def test_a_long_front_is_covered_from_end_to_end() -> None:
    run = front_of(7)
    assert chosen(run, 3) == [1, 4, 7, 0]
    assert chosen(run, 2) == [1, 7, 0]
    assert chosen(run, 1) == [1, 0]
    assert chosen(run, 7) == [1, 2, 3, 4, 5, 6, 7, 0]


def test_with_one_objective_the_best_are_taken_in_order() -> None:
    run = Run(make_study(objectives=1))
    for trial, accuracy in enumerate((0.90, 0.92, 0.95, 0.93)):
        run.complete(trial, accuracy, 0.5, width=100 + trial)
    assert chosen(run, 2) == [2, 3, 0]


def test_equal_configurations_are_confirmed_once() -> None:
    run = Run(make_study(objectives=1))
    run.complete(0, 0.90, 0.5, width=100)
    run.complete(1, 0.95, 0.5, width=200)
    run.complete(2, 0.94, 0.5, width=200)
    run.complete(3, 0.93, 0.5, width=100)
    assert choose_subjects(run.study, run.history, 3) == [Subject(1, False), Subject(3, True)]


def test_nothing_to_confirm_is_said() -> None:
    run = Run(make_study())
    run.prune(0, 0.9, 0.9)
    run.complete(1, 0.9, 0.9, dead=0.5)
    with pytest.raises(NoTrialCompleted, match="keeps every constraint"):
        choose_subjects(run.study, run.history, 3)


def test_named_trials_need_not_be_the_best() -> None:
    run = typical_run()
    assert named_subjects(run.history, [4, 6, 4]) == [Subject(4, False), Subject(6, False), Subject(0, True)]
    with pytest.raises(SpaceError, match="no trial 99"):
        named_subjects(run.history, [99])


def test_subjects_share_fresh_seeds_and_more_seeds_only_add() -> None:
    subjects = [Subject(3, False), Subject(0, True)]
    study = make_study()
    few, many = tasks(study, subjects, 2), tasks(study, subjects, 3)
    assert few == [
        Task(3, FIRST_FRESH),
        Task(0, FIRST_FRESH),
        Task(3, FIRST_FRESH + 1),
        Task(0, FIRST_FRESH + 1),
    ]
    assert many[: len(few)] == few


def test_fresh_seeds_are_above_every_replicate_of_the_space() -> None:
    study = make_study()
    assert first_fresh_replicate(study) == FIRST_FRESH
    searched = Parameter("replicate", IntRange(0, 700_000))
    assert first_fresh_replicate(replace(study, parameters=(*study.parameters, searched))) == 700_001
    constant = replace(study, constants={**study.constants, "replicate": LAST_REPLICATE})
    with pytest.raises(SpaceError, match="fresh"):
        tasks(constant, [Subject(0, True)], 1)


def test_a_task_differs_from_its_trial_in_the_replicate_alone() -> None:
    run = typical_run()
    task = Task(1, FIRST_FRESH + 3)
    config = config_of(run.study, run.history, task)
    assert config.replicate == FIRST_FRESH + 3
    trial = run.study.trial_config(run.history.trials[1].params)
    assert config.model_dump(exclude={"replicate"}) == trial.model_dump(exclude={"replicate"})


def test_a_design_is_compared_with_its_default_arm() -> None:
    """Its trials' origin is `design:<arm>`, and the default was found by the origin of a search's alone."""
    run = Run(make_study(objectives=1))
    for number, (origin, accuracy) in enumerate((("design:default", 0.90), ("design:wide", 0.95))):
        run.complete(number, accuracy, 0.5, width=100 + number)
        run.history.trials[number].origin = origin
    assert choose_subjects(run.study, run.history, 1) == [Subject(1, False), Subject(0, True)]
    assert named_subjects(run.history, [1]) == [Subject(1, False), Subject(0, True)]

"""What a confirmation trains: which trials of a search, and with which fresh seeds.

A search takes the best of many noisy values, so its best value is too good (the winner's curse). The same
configurations trained anew, with seeds that no trial was selected by and scored on images that none was
scored on, are free of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from search.errors import NoTrialCompleted, SpaceError
from search.ledger.history import History, TrialRecord
from search.ranking.leaderboard import leaderboard
from search.ranking.pareto import pareto_front
from search.study.domains import Choice
from search.study.study import Study
from trainables.config import TrialConfig

FIRST_FRESH = 500_000
"""Replicates from here on are fresh, unless the space itself reaches so far."""
LAST_REPLICATE = 1_000_000


@dataclass(frozen=True)
class Subject:
    """A trial of the search whose configuration is confirmed."""

    trial: int
    is_default: bool


@dataclass(frozen=True)
class Task:
    """One training: a subject's configuration with a fresh replicate."""

    trial: int
    replicate: int


def choose_subjects(study: Study, history: History, top: int) -> list[Subject]:
    """The `top` best trials and the default configuration, in that order.

    Of a front with more than `top` trials those evenly spread along it, from its best in the first
    objective to its worst, so that no end is confirmed at the other's expense; a shorter one is filled up
    from the fronts behind it. A configuration stands for all its replicates. Raises NoTrialCompleted if
    there is nothing to confirm.
    """
    complete = history.in_state("COMPLETE")
    front = _distinct(study, pareto_front(study, complete))
    if not front:
        raise NoTrialCompleted("the search has no fully trained trial that keeps every constraint to confirm")
    if len(front) > top:
        chosen = [front[i] for i in _spread(len(front), top)]
    else:
        chosen = _distinct(study, leaderboard(study, history, len(complete)).ranked)[:top]
    defaults = [trial for trial in history.trials.values() if trial.is_default][:1]
    known = {trial.number for trial in defaults}
    subjects = _distinct(study, [*chosen, *defaults])
    default_settings = [_settings(study, trial) for trial in defaults]
    return [
        Subject(trial.number, trial.number in known or _settings(study, trial) in default_settings)
        for trial in subjects
    ]


def named_subjects(history: History, numbers: Sequence[int]) -> list[Subject]:
    """The trials that the user names, and the default. Raises SpaceError for one that does not exist."""
    missing = [number for number in numbers if number not in history.trials]
    if missing:
        raise SpaceError(
            f"the search has no trial {missing[0]}; it has {len(history.trials)}, numbered from 0"
        )
    defaults = [trial.number for trial in history.trials.values() if trial.is_default][:1]
    return [Subject(number, number in defaults) for number in dict.fromkeys([*numbers, *defaults])]


def tasks(study: Study, subjects: Sequence[Subject], seeds: int) -> list[Task]:
    """Every subject with the same `seeds` fresh replicates, so that subjects can be compared in pairs.

    Seed by seed: what is interrupted has measured every subject about equally often.
    """
    first = first_fresh_replicate(study)
    if first + seeds > LAST_REPLICATE:
        raise SpaceError(f"the space uses replicates up to {first - 1}, which leaves no {seeds} fresh ones")
    return [Task(subject.trial, first + i) for i in range(seeds) for subject in subjects]


def first_fresh_replicate(study: Study) -> int:
    """A replicate above every one that a trial of this study can have."""
    used = [int(study.constants.get("replicate", 0))]
    for parameter in study.parameters:
        if parameter.path == "replicate":
            domain = parameter.domain
            ends = domain.options if isinstance(domain, Choice) else (domain.high,)
            used += [int(end) for end in ends] + [int(parameter.or_value or 0)]
    return max(FIRST_FRESH, max(used) + 1)


def config_of(study: Study, history: History, task: Task) -> TrialConfig:
    """The subject's configuration with the task's replicate."""
    config = study.trial_config(history.trials[task.trial].params)
    return config.model_copy(update={"replicate": task.replicate})


def _distinct(study: Study, trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    """The first trial of every configuration, whatever its replicate."""
    kept: dict[TrialConfig, TrialRecord] = {}
    for trial in trials:
        kept.setdefault(_settings(study, trial), trial)
    return list(kept.values())


def _settings(study: Study, trial: TrialRecord) -> TrialConfig:
    return study.trial_config(trial.params).model_copy(update={"replicate": 0})


def _spread(length: int, count: int) -> list[int]:
    """`count` of `length` positions, evenly spaced, the first and the last among them."""
    if count == 1:
        return [0]
    return [round(i * (length - 1) / (count - 1)) for i in range(count)]

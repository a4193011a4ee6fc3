"""What a run's `confirm/` holds, folded from its own ledger: complete or still growing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.ledger_reading import LedgerFollower
from search.confirmation import Subject
from search.confirmation_course import task_of
from search.confirmation_results import Confirmed, collect
from search.history import History


@dataclass(frozen=True)
class ConfirmedRun:
    """The confirmation of a run; scores are of the test split, over fresh seeds."""

    results: tuple[Confirmed, ...]
    """Every configuration with means, standard errors, gaps, and differences to controls and default."""
    history: History
    """Its trainings; a record's params are the trial of the search and the replicate."""
    damage: tuple[str, ...]

    @property
    def by_trial(self) -> Mapping[int, Confirmed]:
        """Number of the search's trial -> what was confirmed of it."""
        return {result.subject.trial: result for result in self.results}


def read_confirmation(folder: Path, searched: History) -> ConfirmedRun | None:
    """None if there is no confirmation, or not a record of it."""
    ledger = LedgerFollower(folder / "trials.jsonl")
    try:
        ledger.poll()
    except OSError:
        return None
    history = History(sessions=ledger.history.sessions)
    damage = [f"confirm/{sentence}" for sentence in ledger.complaints(being_written=True)]
    strangers = 0
    for number, record in ledger.history.trials.items():
        if _is_training_of(searched, record.params):
            history.trials[number] = record
        else:
            strangers += 1
    if strangers:
        damage.append(f"confirm/trials.jsonl: {strangers} trainings of trials that the search does not know")
    return ConfirmedRun(_results(searched, history, damage), history, tuple(damage))


def _is_training_of(searched: History, params: Mapping[str, Any]) -> bool:
    trial, replicate = params.get("trial"), params.get("replicate")
    return type(trial) is int and type(replicate) is int and trial in searched.trials


def _results(searched: History, history: History, damage: list[str]) -> tuple[Confirmed, ...]:
    default = next((n for n, trial in searched.trials.items() if trial.origin == "default"), None)
    numbers = dict.fromkeys(task_of(record).trial for record in history.trials.values())
    subjects = [Subject(number, number == default) for number in numbers]
    try:
        return tuple(collect(searched, history, subjects))
    except (KeyError, ValueError) as error:
        damage.append(f"confirm/trials.jsonl: a complete training lacks a score ({error})")
        return ()

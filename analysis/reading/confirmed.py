"""What a run's `confirm/` holds, folded from its own ledger: complete or still growing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.reading.ledger_reading import LedgerFollower
from search.confirmation.estimates import Confirmed, collect
from search.confirmation.schedule import task_of
from search.confirmation.subjects import Subject
from search.formatting import count
from search.ledger.history import History
from trainables.confirmation.rungs import PIPELINE_RUNG, TRAINED_RUNG

# Which controls there are differs between versions.
_SCORED_RUNGS = {TRAINED_RUNG, PIPELINE_RUNG}


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
    damage = [f"confirm/{sentence}" for sentence in ledger.complaints(being_written=True)]
    history = History(sessions=ledger.history.sessions)
    left_out = {"of trials that the search does not know": 0, "a complete one lacks a score": 0}
    for number, record in ledger.history.trials.items():
        if not _is_training_of(searched, record.params):
            left_out["of trials that the search does not know"] += 1
        elif record.state == "COMPLETE" and not set(record.rungs) >= _SCORED_RUNGS:
            left_out["a complete one lacks a score"] += 1
        else:
            history.trials[number] = record
    damage += [
        f"confirm/trials.jsonl: {count(amount, 'training')} left out: {why}"
        for why, amount in left_out.items()
        if amount
    ]
    return ConfirmedRun(
        tuple(collect(searched, history, _subjects(searched, history))), history, tuple(damage)
    )


def _is_training_of(searched: History, params: Mapping[str, object]) -> bool:
    trial, replicate = params.get("trial"), params.get("replicate")
    return type(trial) is int and type(replicate) is int and trial in searched.trials


def _subjects(searched: History, history: History) -> list[Subject]:
    """The configurations in the order in which they were begun."""
    default = next((number for number, trial in searched.trials.items() if trial.origin == "default"), None)
    numbers = dict.fromkeys(task_of(record).trial for record in history.trials.values())
    return [Subject(number, number == default) for number in numbers]

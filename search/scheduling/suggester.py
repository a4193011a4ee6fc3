"""Which trial comes next: unfinished ones first, then the default, then what the sampler proposes.

A design knows all its trials beforehand; they are handed out in their order.
"""

from __future__ import annotations

from dataclasses import dataclass

from search.ledger.history import TrialRecord
from search.ledger.recorder import Recorder
from search.scheduling.optuna_study import OptunaStudy
from search.study.design import origin
from search.study.study import Study, default_params


@dataclass(frozen=True)
class Suggestion:
    """A trial to run; `is_new` is False for one that an earlier session left unfinished."""

    record: TrialRecord
    is_new: bool


class Suggester:
    """Hands out the trials that the run still owes, and tells the sampler how they ended."""

    def __init__(self, study: Study, recorder: Recorder, target: int) -> None:
        self._study = study
        self._recorder = recorder
        self._target = target
        self._unfinished = recorder.history.in_state("RUNNING")
        self._book = OptunaStudy.live(study)
        self._told: set[int] = set()
        for record in sorted(recorder.history.trials.values(), key=lambda record: record.number):
            self._book.begin(record)
            self.told(record)

    @property
    def owed(self) -> int:
        """Trials that are still to be handed out."""
        return len(self._unfinished) + max(0, self._target - len(self._recorder.history.trials))

    def next(self) -> Suggestion | None:
        """The next trial, recorded; None when no more are owed."""
        if self._unfinished:
            return Suggestion(self._unfinished.pop(0), is_new=False)
        number = len(self._recorder.history.trials)
        if number >= self._target:
            return None
        if self._study.design is not None:
            params = self._study.design.draw(number)
            self._recorder.suggest(number, params, origin(params))
            self._book.begin(self._recorder.history.trials[number])
            return Suggestion(self._recorder.history.trials[number], is_new=True)
        params = self._book.propose(default_params(self._study) if number == 0 else None)
        self._recorder.suggest(number, params, "default" if number == 0 else "sampler")
        return Suggestion(self._recorder.history.trials[number], is_new=True)

    def told(self, record: TrialRecord) -> None:
        """Let the sampler learn from a trial that ended; repetitions and running ones are ignored."""
        if record.state != "RUNNING" and record.number not in self._told:
            self._told.add(record.number)
            self._book.finish(record)

"""Which trial comes next: unfinished ones first, then what a sampler draws or a list holds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.ledger.history import TrialRecord
from search.ledger.recorder import Recorder
from search.ledger.retries import RETRY
from search.scheduling.limits import Limits
from search.scheduling.live_study import SAMPLED, Choose, LiveStudy
from search.study.domains import Scalar
from search.study.listed import Listed
from search.study.study import Study, default_params


@dataclass(frozen=True)
class Suggestion:
    """A trial to run; `is_new` is False for one that an earlier session left unfinished."""

    record: TrialRecord
    is_new: bool


class Suggester(ABC):
    """Hands out the trials that the run still owes."""

    def __init__(self, recorder: Recorder, target: int) -> None:
        self._recorder = recorder
        self._target = target
        running = recorder.history.in_state("RUNNING")
        self._unfinished = [record for record in running if record.paused_at is None]

    @property
    def owed(self) -> int:
        """Trials that are still to be handed out, or wait at a rung until it is clear that they will not."""
        history = self._recorder.history
        paused = sum(record.paused_at is not None for record in history.in_state("RUNNING"))
        return len(self._unfinished) + paused + max(0, self._target - len(history.trials))

    def next(self) -> Suggestion | None:
        """The next trial, recorded; None when no more are owed."""
        if self._unfinished:
            return Suggestion(self._unfinished.pop(0), is_new=False)
        number = len(self._recorder.history.trials)
        if number >= self._target or self.is_over():
            return None
        params, whence = self.propose(number)
        self._recorder.suggest(number, params, whence)
        return Suggestion(self._recorder.history.trials[number], is_new=True)

    def is_over(self) -> bool:
        """Whether no trial is to begin any more, though some are owed."""
        return False

    @abstractmethod
    def propose(self, number: int) -> tuple[Mapping[str, Scalar], str]:
        """The params of a new trial, and the origin that the ledger notes."""

    @abstractmethod
    def told(self, record: TrialRecord) -> None:
        """Let it learn from a trial that ended or was paused; repetitions and running ones are ignored."""

    @abstractmethod
    def goes_on(self, record: TrialRecord) -> None:
        """A trial that was paused is taken up again."""


class SamplingSuggester(Suggester):
    """The default configuration first, then what Optuna's sampler makes of what it was told."""

    def __init__(
        self,
        study: Study,
        recorder: Recorder,
        target: int,
        choose: Choose | None = None,
        again: Sequence[TrialRecord] = (),
    ) -> None:
        """choose: as of `LiveStudy`; again: trials that failed, whose settings come before new ones."""
        super().__init__(recorder, target)
        self._study = study
        self._limits = Limits(study, recorder.history)
        self._again = list(again)
        self._book = LiveStudy(study, choose)
        self._told: set[int] = set()
        for change, number in recorder.history.order:
            record = recorder.history.trials[number]
            if change == "began":
                self._book.begin(record)
            elif change == "ended":
                self.told(record)
            elif change == "resumed":
                self._book.resume(record)
            else:
                self._book.pause(record)

    def is_over(self) -> bool:
        """See the method of `Suggester`."""
        return self._limits.reached() is not None

    def propose(self, number: int) -> tuple[Mapping[str, Scalar], str]:
        """See the method of `Suggester`."""
        if number == 0:
            return self._book.propose(default_params(self._study)), "default"
        if self._again:
            failed = self._again.pop(0)
            return self._book.propose(failed.params), f"{RETRY}{failed.number}"
        return self._book.propose(), SAMPLED

    def told(self, record: TrialRecord) -> None:
        """See the method of `Suggester`."""
        if record.paused_at is not None:
            self._book.pause(record)
        elif record.state != "RUNNING" and record.number not in self._told:
            self._told.add(record.number)
            self._book.finish(record)

    def goes_on(self, record: TrialRecord) -> None:
        """See the method of `Suggester`."""
        self._book.resume(record)


class ListSuggester(Suggester):
    """Trials that are known beforehand, in their order; it learns nothing."""

    def __init__(self, listed: Listed, recorder: Recorder, target: int) -> None:
        super().__init__(recorder, target)
        self._listed = listed

    def propose(self, number: int) -> tuple[Mapping[str, Scalar], str]:
        """See the method of `Suggester`."""
        return self._listed.draw(number)

    def told(self, record: TrialRecord) -> None:
        """Nothing follows from it."""

    def goes_on(self, record: TrialRecord) -> None:
        """Nothing follows from it."""

"""Where a run's seconds went, stage by stage, and which classifiers it has, as the ledger grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from search.ledger.history import History, TrialRecord
from search.stages.prefix import Prefix, prefix_of
from search.study.domains import Scalar
from search.study.study import Study


@dataclass(frozen=True)
class Spent:
    """One rung of one trial; seconds."""

    trial: int
    rung: int
    time: float
    classifier: float
    features: float
    """Basis, SAE and metrics."""
    shared: bool = False
    """Whether an earlier trial had trained the classifier so far."""


class Spending:
    """Of a history that grows; `update` takes in what is new."""

    def __init__(self, study: Study, history: History) -> None:
        self._study, self._history = study, history
        self._open: dict[int, int] = {}
        self._first: dict[tuple[Prefix, int], int] = {}
        self.prefixes: dict[int, Prefix] = {}
        """Trial -> what decides its classifier."""
        self.draws: dict[int, Mapping[str, Scalar]] = {}
        self.drawn: set[tuple[tuple[str, Scalar], ...]] = set()
        self.trained: dict[Prefix, int] = {}
        """Classifier -> the last rung that any trial has it trained to."""
        self.spent: list[Spent] = []
        """In the order of time; attempts that were broken off are left out."""
        self.update()

    def update(self) -> None:
        """Take in what the history has that was not there before."""
        for number in range(len(self.prefixes), len(self._history.trials)):
            record = self._history.trials[number]
            self.prefixes[number] = prefix_of(self._study, record.params)
            self.draws[number] = record.params
            self.drawn.add(tuple(sorted(record.params.items())))
            self._open[number] = 0
        news: list[Spent] = []
        for number, known in list(self._open.items()):
            record = self._history.trials[number]
            rungs = rungs_of(record, self._history)
            news += rungs[known:]
            self._open[number] = len(rungs)
            self._note_trained(record)
            if record.state != "RUNNING":
                del self._open[number]
        for one in sorted(news, key=lambda one: (one.time, one.trial)):
            first = self._first.setdefault((self.prefixes[one.trial], one.rung), one.trial)
            self.spent.append(replace(one, shared=first != one.trial))

    def _note_trained(self, record: TrialRecord) -> None:
        rung, prefix = max(record.rungs, default=0), self.prefixes[record.number]
        if rung:
            self.trained[prefix] = max(self.trained.get(prefix, 0), rung)


def rungs_of(record: TrialRecord, history: History) -> list[Spent]:
    """What each rung of a trial took; nothing of one that was tried again, or that a session broke off."""
    began = trained = record.started
    found: list[Spent] = []
    for report in record.reports:
        if report.rung is None:
            trained = report.time
            continue
        until = max(began, trained)
        if not record.retries and not any(began < one.time <= report.time for one in history.sessions):
            found.append(Spent(record.number, report.rung, report.time, until - began, report.time - until))
        began = record.decided.get(report.rung, report.time)
    return found

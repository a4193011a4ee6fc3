"""What has happened in a run, folded from the ledger's events; the one view that everybody reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from search.ledger.events import Decision, End, Event, Result, Retry, Session, State, Suggest
from search.study.domains import Scalar

Change = Literal["began", "paused", "resumed", "ended"]
PAUSE = "pause"


@dataclass(frozen=True)
class Report:
    """One result of a trial. `rung` counts from 1; None for a report between rungs."""

    epoch: int
    rung: int | None
    metrics: Mapping[str, float]
    time: float


@dataclass
class TrialRecord:
    """All that is known of one trial."""

    number: int
    params: dict[str, Scalar]
    origin: str
    started: float
    state: State = "RUNNING"
    reports: list[Report] = field(default_factory=list)
    decisions: dict[int, str] = field(default_factory=dict)
    decided: dict[int, float] = field(default_factory=dict)
    """Rung -> when the decision was made that holds."""
    checkpoint: dict[str, str] | None = None
    reason: str | None = None
    values: tuple[float, ...] | None = None
    ended: float | None = None
    retries: int = 0

    def apply(self, event: Result | Decision | Retry | End) -> bool:
        """Fold one event in; False if it repeats what is known."""
        if isinstance(event, Result):
            return self._take(event)
        if isinstance(event, Decision):
            # A pause is no last word.
            if event.rung not in self.decisions or (event.action != PAUSE and self.paused_at == event.rung):
                self.decisions[event.rung], self.decided[event.rung] = event.action, event.time
                return True
            return False
        if isinstance(event, Retry):
            self.retries += 1
            return True
        if self.state != "RUNNING":
            return False
        self.state, self.reason, self.values, self.ended = event.state, event.reason, event.values, event.time
        return True

    def _take(self, result: Result) -> bool:
        if not self.is_news(result.epoch, result.rung):
            return False
        self.reports.append(Report(result.epoch, result.rung, result.metrics, result.time))
        if result.checkpoint is not None:
            self.checkpoint = dict(result.checkpoint)
        return True

    @property
    def paused_at(self) -> int | None:
        """The rung at which it waits to be taken up again; None if it does not wait."""
        last = max(self.decisions, default=0)
        return last if self.state == "RUNNING" and self.decisions.get(last) == PAUSE else None

    @property
    def is_default(self) -> bool:
        """Whether it takes every default, so that others are compared with it."""
        return self.origin in ("default", "design:default")

    @property
    def folder(self) -> str:
        """The name of its folder inside `trials/`."""
        return f"{self.number:04d}"

    def is_news(self, epoch: int, rung: int | None) -> bool:
        """Whether a report comes after all that are known; a retried step repeats some."""
        if not self.reports:
            return True
        last = self.reports[-1]
        return (epoch, rung or 0) > (last.epoch, last.rung or 0)

    @property
    def rungs(self) -> dict[int, Report]:
        """Rung -> the report made there."""
        return {report.rung: report for report in self.reports if report.rung is not None}

    @property
    def metrics(self) -> Mapping[str, float]:
        """The newest value of every metric."""
        merged: dict[str, float] = {}
        for report in self.reports:
            merged.update(report.metrics)
        return merged


class UnknownTrial(ValueError):
    """An event of a trial that no event before it began."""


@dataclass
class History:
    """Trials by number, plus what each session said."""

    trials: dict[int, TrialRecord] = field(default_factory=dict)
    sessions: list[Session] = field(default_factory=list)
    order: list[tuple[Change, int]] = field(default_factory=list)
    """What became of which trial, in the order in which it was recorded."""
    earlier_s: float = 0.0
    """Seconds of the sessions before the newest, each up to its last event."""
    newest: float = 0.0
    """When the newest event was recorded."""

    def apply(self, event: Event) -> bool:
        """Fold one event in; False if it repeats what is known (a result is known by trial, epoch, rung).

        Raises UnknownTrial.
        """
        if isinstance(event, Session) and self.sessions:
            self.earlier_s += max(0.0, self.newest - self.sessions[-1].time)
        self.newest = event.time
        if isinstance(event, Session):
            self.sessions.append(event)
            return True
        trial = self.trials.get(event.trial)
        if isinstance(event, Suggest):
            if trial is None:
                params = dict(event.params)
                self.trials[event.trial] = TrialRecord(event.trial, params, event.origin, event.time)
                self.order.append(("began", event.trial))
            return trial is None
        if trial is None:
            raise UnknownTrial(f"trial {event.trial} was never begun")
        waited = trial.paused_at is not None
        is_news = trial.apply(event)
        if is_news and isinstance(event, End):
            self.order.append(("ended", event.trial))
        elif is_news and isinstance(event, Decision) and waited != (trial.paused_at is not None):
            self.order.append(("resumed" if waited else "paused", event.trial))
        return is_news

    def in_state(self, *states: State) -> list[TrialRecord]:
        """Trials in any of `states`, by number."""
        return [trial for _, trial in sorted(self.trials.items()) if trial.state in states]

    @property
    def finished(self) -> int:
        """Trials that ended, however they did."""
        return sum(trial.state != "RUNNING" for trial in self.trials.values())


def fold(events: Iterable[Event]) -> History:
    """The history that a sequence of events tells."""
    history = History()
    for event in events:
        history.apply(event)
    return history

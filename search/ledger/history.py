"""What has happened in a run, folded from the ledger's events; the one view that everybody reads.

Event shapes (every one also has `event` and `time`, in seconds since 1970):

    session  {command, host, pid, target}                 a driver took the run
    suggest  {trial, params, origin}                      origin: "default", "sampler" or "design:<arm>"
    result   {trial, epoch, rung, metrics, checkpoint}    rung is null between rungs
    decision {trial, rung, action}                        "continue" or "stop", after a rung's result
    retry    {trial, reason}                              the process died; runs again from its checkpoint
    end      {trial, state, reason, values}               COMPLETE, PRUNED or FAIL
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from search.study.domains import Scalar

State = Literal["RUNNING", "COMPLETE", "PRUNED", "FAIL"]


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
    checkpoint: dict[str, Any] | None = None
    reason: str | None = None
    values: tuple[float, ...] | None = None
    ended: float | None = None
    retries: int = 0

    @property
    def is_default(self) -> bool:
        """Whether it takes every default, so that others are compared with it."""
        return self.origin in ("default", "design:default")

    @property
    def folder(self) -> str:
        """Its folder inside `trials/`."""
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


@dataclass
class History:
    """Trials by number, plus what the newest session said."""

    trials: dict[int, TrialRecord] = field(default_factory=dict)
    sessions: list[dict[str, Any]] = field(default_factory=list)

    def apply(self, event: Mapping[str, Any]) -> bool:
        """Fold one event in; False if it repeats what is known (a result is known by trial, epoch, rung)."""
        kind = event["event"]
        if kind == "session":
            self.sessions.append(dict(event))
            return True
        if kind == "suggest":
            if event["trial"] in self.trials:
                return False
            self.trials[event["trial"]] = TrialRecord(
                event["trial"], dict(event["params"]), event["origin"], event["time"]
            )
            return True
        trial = self.trials[event["trial"]]
        if kind == "result":
            return self._apply_result(trial, event)
        if kind == "decision":
            known = event["rung"] in trial.decisions
            trial.decisions.setdefault(event["rung"], event["action"])
            return not known
        if kind == "retry":
            trial.retries += 1
            return True
        if kind == "end":
            return self._apply_end(trial, event)
        raise ValueError(f"unknown event {kind!r}")

    def _apply_result(self, trial: TrialRecord, event: Mapping[str, Any]) -> bool:
        if not trial.is_news(event["epoch"], event["rung"]):
            return False
        trial.reports.append(Report(event["epoch"], event["rung"], event["metrics"], event["time"]))
        if event["checkpoint"] is not None:
            trial.checkpoint = dict(event["checkpoint"])
        return True

    def _apply_end(self, trial: TrialRecord, event: Mapping[str, Any]) -> bool:
        if trial.state != "RUNNING":
            return False
        trial.state = event["state"]
        trial.reason = event["reason"]
        trial.values = None if event["values"] is None else tuple(event["values"])
        trial.ended = event["time"]
        return True

    def in_state(self, *states: State) -> list[TrialRecord]:
        """Trials in any of `states`, by number."""
        return [trial for _, trial in sorted(self.trials.items()) if trial.state in states]

    @property
    def finished(self) -> int:
        """Trials that ended, however they did."""
        return sum(trial.state != "RUNNING" for trial in self.trials.values())


def fold(events: Iterable[Mapping[str, Any]]) -> History:
    """The history that a sequence of events tells."""
    history = History()
    for event in events:
        history.apply(event)
    return history

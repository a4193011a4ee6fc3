"""What follows from a step of a trial: go on, stop, or failed. Knows the study, not Ray.

The order is the contract: the reports are recorded, then the verdict is recorded, then it acts.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from search.errors import ClusterError, DiskError, Halt, TooManyFailures
from search.ledger.history import PAUSE, History, TrialRecord
from search.ledger.recorder import Recorder
from search.ranking.pareto import signs
from search.scheduling.brackets import bracket_shares
from search.scheduling.limits import Limits
from search.scheduling.rung_order import KEEP, Standing
from search.study.registries import SCHEDULERS
from search.study.study import Study
from trainables.metrics.catalog import METRICS
from trainables.workers.messages import MEMBER_MISSING, StepResult


class RungScheduler:
    """Records every step and decides whether its trial goes on."""

    def __init__(self, study: Study, recorder: Recorder) -> None:
        self._study = study
        self._recorder = recorder
        self._rungs = study.scheduler.rungs
        self._halving = made(study)
        self._pauses = getattr(self._halving, "pauses", False)
        self._brackets = bracket_shares(study.scheduler)
        self._limits = Limits(study, recorder.history)
        self._restore(recorder.history)

    def goes_on(self, number: int, step: StepResult) -> bool:
        """Record the step; False if the trial is over, which is then recorded too."""
        record = self._recorder.history.trials[number]
        leave_if_the_machine_is_at_fault(number, step)
        if step.failure is not None:
            self.fail(number, step.failure)
            return False
        self._recorder.results(number, step.reports, step.checkpoint)
        rung = step.reports[-1].rung if step.reports else None
        if rung is None:
            return self._may_reach(record, step)
        return self._passes(record, rung)

    def settle_all(self) -> None:
        """Finish what an earlier session recorded but did not live to act on."""
        for record in self._recorder.history.in_state("RUNNING"):
            if record.reports and record.reports[-1].rung is not None:
                self._passes(record, record.reports[-1].rung)

    def promote(self) -> TrialRecord | None:
        """The trial among those that are paused that shall go on now, which is recorded first."""
        found = self._halving.candidate() if self._pauses and not self._limits.reached() else None
        while found is not None:
            rung, number = found
            self._halving.went_on(rung, number)
            record = self._recorder.history.trials[number]
            if record.paused_at == rung:
                self._recorder.decision(number, rung, "continue")
                return record
            found = self._halving.candidate()
        return None

    def end_paused(self) -> list[TrialRecord]:
        """Nothing more will come: those that still wait are over, and were not trained in full."""
        waiting = [record for record in self._recorder.history.in_state("RUNNING") if record.paused_at]
        for record in waiting:
            self._recorder.end(record.number, "PRUNED", reason=self._reason(record.paused_at or 0))
        return waiting

    def fail(self, number: int, reason: str) -> None:
        """End a trial as FAIL; raises Halt when the budget of failures is spent."""
        self._recorder.end(number, "FAIL", reason=reason)
        failed, allowed = len(self._recorder.history.in_state("FAIL")), self._study.budget.max_failures
        if failed > allowed:
            raise Halt(
                TooManyFailures(
                    f"{failed} trials failed, more than budget.max_failures = {allowed}; the last: {reason}"
                )
            )

    def _passes(self, record: TrialRecord, rung: int) -> bool:
        standing = standing_at(self._study, record.rungs[rung].metrics)
        if standing is None:
            missing = [o.metric for o in self._study.objectives if o.metric not in record.rungs[rung].metrics]
            self.fail(record.number, f"contract: rung {rung} did not report {', '.join(missing)}")
            return False
        if rung >= self._rungs:
            values = [record.rungs[rung].metrics[o.metric] for o in self._study.objectives]
            self._recorder.end(record.number, "COMPLETE", values=values)
            return False
        # A trial retried across this rung keeps the verdict that was acknowledged.
        action = record.decisions.get(rung)
        if action is None:
            action = self._judge(record, rung, standing)
            self._recorder.decision(record.number, rung, action)
        if action == "stop":
            self._recorder.end(record.number, "PRUNED", reason=self._reason(rung))
        return action == "continue"

    def _judge(self, record: TrialRecord, rung: int, standing: Standing) -> str:
        survives = self._halving.survives(rung, record.number, standing)
        # The default configuration is what every other trial is compared with: it is trained in full.
        if survives or record.is_default or rung <= self._bracket(record.number):
            if self._pauses:
                self._halving.went_on(rung, record.number)
            return "continue"
        return PAUSE if self._pauses else "stop"

    def _bracket(self, number: int) -> int:
        """The last rung at which a trial is not judged, 0 for most."""
        draw = random.Random(f"{self._study.budget.seed}/bracket/{number}").random()
        return next((b for b, share in enumerate(accumulate(self._brackets)) if draw < share), 0)

    def _reason(self, rung: int) -> str:
        said = getattr(self._halving, "reason", None)
        return str(said(rung)) if said else f"stopped at rung {rung} by {self._study.scheduler.name}"

    def _restore(self, history: History) -> None:
        """Fill the rungs with what earlier sessions saw."""
        for record in history.trials.values():
            for rung, action in record.decisions.items():
                report = record.rungs.get(rung)
                standing = standing_at(self._study, report.metrics) if report else None
                if standing is None:
                    continue
                self._halving.record(rung, record.number, standing)
                if self._pauses and (action != PAUSE or record.state != "RUNNING"):
                    self._halving.went_on(rung, record.number)

    def _may_reach(self, record: TrialRecord, step: StepResult) -> bool:
        """Stop before the SAE is paid for, if the classifier already misses a constraint hopelessly."""
        spared = self._bracket(record.number)
        if step.next_rung is None or not spared < step.next_rung < self._rungs or record.is_default:
            return True
        if record.decisions.get(step.next_rung) == "continue":
            return True  # a retried trial keeps the verdict that was acknowledged
        metrics = record.metrics
        missed = [
            c
            for c in self._study.constraints
            if METRICS[c.metric].when == "epoch"
            and c.metric in metrics
            and c.violation(metrics[c.metric]) > 0
        ]
        if not missed or not self._halving.hopeless(
            step.next_rung, sum(c.violation(metrics[c.metric]) for c in missed)
        ):
            return True
        self._recorder.decision(record.number, step.next_rung, "stop")
        names = ", ".join(c.metric for c in missed)
        self._recorder.end(
            record.number, "PRUNED", reason=f"constraint missed before rung {step.next_rung}: {names}"
        )
        return False


def leave_if_the_machine_is_at_fault(number: int, step: StepResult) -> None:
    """Raise Halt if a worker could not write, or lacks a package: no trial's fault, and the next one would
    meet it too."""
    kind, _, text = (step.failure or "").partition(": ")
    if kind == "disk":
        raise Halt(DiskError(f"trial {number} could not write: {text}"))
    if kind == MEMBER_MISSING:
        raise Halt(
            ClusterError(
                f"trial {number}: {text}. The driver has it: install the same packages on every machine, or "
                "keep the code beside the space file, from where it travels"
            )
        )


def standing_at(study: Study, metrics: Mapping[str, float]) -> Standing | None:
    """Losses and total violation of a rung's metrics; None if an objective is missing or not finite.

    A constraint whose metric is missing counts as violated without bound.
    """
    losses = tuple(
        sign * metrics.get(o.metric, math.nan) for sign, o in zip(signs(study), study.objectives, strict=True)
    )
    if not all(math.isfinite(loss) for loss in losses):
        return None
    violation = sum(
        c.violation(metrics[c.metric]) if c.metric in metrics else math.inf for c in study.constraints
    )
    return Standing(violation, losses)


def made(study: Study) -> Any:
    """The study's scheduler, which judges by standings alone."""
    section = study.scheduler
    ties = {} if section.ties == KEEP else {"ties": section.ties}
    return SCHEDULERS[section.name](section.reduction_factor, **ties)

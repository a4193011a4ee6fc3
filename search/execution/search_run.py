"""A search as a recorded session: Optuna or a design proposes, successive halving decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from search.errors import NoTrialCompleted
from search.execution.recorded_session import RecordedRun, plan_of
from search.execution.signals import StopSignals
from search.ledger.history import History, TrialRecord
from search.ledger.recorder import Recorder
from search.ledger.retries import to_retry
from search.scheduling.rung_scheduler import RungScheduler
from search.scheduling.suggester import Suggester
from search.stages.proposing import suggester_for
from trainables.workers.messages import TrialTask

if TYPE_CHECKING:
    from trainables.pipeline.plan import Plan


@dataclass(frozen=True, kw_only=True)
class SearchRun(RecordedRun):
    """Trains trials until `budget.trials` of them ended."""

    actor: str = "trainables.workers.trial_actor:TrialActor"
    retry_failed: bool = False
    """Whether the settings of trials that failed come first once more."""

    @property
    def target(self) -> int:
        """The number of trials that the budget names."""
        return self.study.budget.trials

    def scheduler(self, recorder: Recorder) -> RungScheduler:
        """The one that ranks trials at every rung."""
        return RungScheduler(self.study, recorder)

    def suggester(self, recorder: Recorder) -> Suggester:
        """The one that the study asks for."""
        again = to_retry(recorder.history) if self.retry_failed else ()
        return suggester_for(self.study, recorder, self.target, again)

    def task(self, record: TrialRecord) -> TrialTask:
        """The trial as it was drawn."""
        trial = self.study.trial_config(record.params).model_dump()
        return TrialTask(record.number, record.folder, trial, passed=max(record.rungs, default=0))

    def plan(self) -> Plan:
        """The plan with the rungs of the study."""
        return plan_of(self.study)


def run_search(launch: SearchRun, stop_signals: StopSignals) -> History:
    """Run the search as `RecordedRun.run` does; NoTrialCompleted if no trial reached its full training."""
    history = launch.run(stop_signals)
    if not history.in_state("COMPLETE"):
        raise NoTrialCompleted(f"none of the {history.finished} trials reached its full training")
    return history

"""A confirmation as a recorded session: chosen trials trained again; resumable from its own ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from search.confirmation.schedule import LastRungScheduler, TaskSuggester, task_of
from search.confirmation.subjects import Task, config_of
from search.execution.recorded_session import RecordedRun, plan_of
from search.ledger.history import History, TrialRecord
from search.ledger.recorder import Recorder
from search.ranking.leaderboard import key_metrics
from trainables.workers.messages import TrialTask

if TYPE_CHECKING:
    from trainables.pipeline.plan import Plan


@dataclass(frozen=True, kw_only=True)
class Confirmation(RecordedRun):
    """Runs every task that is not done.

    `directory` is `confirm/` inside the run directory; its ledger, trials and log are the confirmation's own.
    """

    searched: History
    tasks: Sequence[Task]
    actor: str = "trainables.workers.confirm_actor:ConfirmActor"

    @property
    def target(self) -> int:
        """The number of tasks, done ones included."""
        return len(self.tasks)

    @property
    def timeouts(self) -> int:
        """A training here fits six SAEs and scores eleven models: so many of a trial's timeouts."""
        return 8

    def scheduler(self, recorder: Recorder) -> LastRungScheduler:
        """The one that lets every training go on to its last score."""
        return LastRungScheduler(recorder, self.study.budget.max_failures)

    def suggester(self, recorder: Recorder) -> TaskSuggester:
        """The one that hands out the tasks in their order."""
        return TaskSuggester(self.tasks, recorder)

    def task(self, record: TrialRecord) -> TrialTask:
        """The trial of the search with the fresh replicate."""
        trial = config_of(self.study, self.searched, task_of(record))
        passed = max(record.rungs, default=0)
        return TrialTask(record.number, record.folder, trial.model_dump(), passed)

    def plan(self) -> Plan:
        """One rung: what a trial is at the last rung does not depend on the rungs before it."""
        return replace(plan_of(self.study), rungs=1, asked=tuple(key_metrics(self.study)))

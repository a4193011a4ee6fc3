"""One session of a run: open its ledger, note who drives it, run on Ray what is owed, close.

A search and a confirmation are both this. They differ in who proposes, who decides at rungs, and what a
worker is told; see `search.execution.search_run` and `search.confirmation.run`.

A resumed or enlarged run is a new Tuner for the trials still owed. Ray's own restore forgets what
happened since its last snapshot and empties the halving rungs, so study and rungs are rebuilt from
the ledger instead, and every unfinished trial continues under its own number from its own checkpoint.
"""

from __future__ import annotations

import os
import platform
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from search.execution.signals import StopSignals
from search.execution.tune_runner import Work, run_trials, this_node
from search.ledger.history import History, TrialRecord
from search.ledger.recorder import Recorder, TrialLogger, recording
from search.run_dir.inputs import refuse_other_data
from search.run_dir.run_directory import RunDirectory
from search.space.writer import seal_of
from search.space.yaml_tree import read_text
from search.storage.shared_run import UNSHARED, Sharing
from search.study.study import Study
from trainables.data.dataset import Dataset
from trainables.pipeline.plan import Plan
from trainables.workers.messages import TrialTask
from trainables.workers.trial_context import TrialContext

if TYPE_CHECKING:
    from search.execution.resources import GrantedResources
    from search.execution.tune_adapters import DecidesAtRungs, SuggestsTrials

CACHE_BYTES = 4 * 2**30
"""Upper bound of the stage cache, least recently used entries go first."""


@dataclass(frozen=True, kw_only=True)
class RecordedRun(ABC):
    """All that a session needs beside what its kind adds."""

    study: Study
    directory: RunDirectory
    dataset: Dataset
    address: str
    loggers: Callable[[History], Sequence[TrialLogger]]
    release: Callable[[], None]
    """Frees the run's lock when a second signal comes."""
    sharing: Sharing = UNSHARED
    actor: str
    """module:Class of what Ray runs, imported when Ray is up."""

    @property
    @abstractmethod
    def target(self) -> int:
        """The number of trials in all, ended ones included."""

    @abstractmethod
    def scheduler(self, recorder: Recorder) -> DecidesAtRungs:
        """The object that decides at rungs."""

    @abstractmethod
    def suggester(self, recorder: Recorder) -> SuggestsTrials:
        """Who proposes; made when the scheduler has settled what an earlier session left."""

    @abstractmethod
    def task(self, record: TrialRecord) -> TrialTask:
        """What a worker is told of a trial."""

    @abstractmethod
    def plan(self) -> Plan:
        """The plan by which each pipeline trains."""

    @property
    def timeouts(self) -> int:
        """How many times budget.trial_timeout_s a trial may take."""
        return 1

    def run(self, stop_signals: StopSignals) -> History:
        """Run what is owed; returns what happened in this and earlier sessions.

        The caller holds the run's lock. Raises SearchError by what went wrong; whatever is raised,
        everything acknowledged is in the ledger.
        """
        with recording(
            self.directory.ledger, lambda history: [*self.loggers(history), *self.sharing.loggers]
        ) as recorder:
            refuse_other_data(recorder.history, self.dataset.key)
            recorder.session(
                command=self.directory.read_info().get("command"),
                host=platform.node(),
                pid=os.getpid(),
                target=self.target,
                data=self.dataset.key,
                space=self._seal(),
            )
            scheduler = self.scheduler(recorder)
            scheduler.settle_all()
            run_trials(
                self._work(), self.address, recorder, scheduler, self.suggester(recorder), stop_signals
            )
            return recorder.history

    def _seal(self) -> str | None:
        path = self.directory.resolved_space
        return seal_of(read_text(path)) if path.is_file() else None

    def _work(self) -> Work:
        return Work(
            actor=self.actor,
            context=self._context,
            dataset=self.dataset,
            resources=self.study.resources,
            trials_dir=self.directory.trials,
            leave_at_once=self.release,
            task_of=self.task,
            checks=self.sharing.checks,
            is_shared=self.sharing.place is not None,
        )

    def _context(self, granted: GrantedResources) -> TrialContext:
        from trainables.workers.shipped_code import shipped_code

        times = f"{self.timeouts} x " if self.timeouts > 1 else ""
        return TrialContext(
            trials_dir=str(self.directory.trials),
            plan=self.plan(),
            cache_dir=str(stage_cache_dir()),
            cache_bytes=CACHE_BYTES,
            timeout_s=self.timeouts * self.study.budget.trial_timeout_s,
            timeout_name=f"{times}budget.trial_timeout_s",
            threads=granted.threads,
            gpus=granted.gpu,
            storage=self.sharing.place,
            code=shipped_code(),
            home_node=this_node(),
        )


def plan_of(study: Study) -> Plan:
    """The pipeline's plan for a study."""
    return Plan(
        study_seed=study.budget.seed,
        rungs=study.scheduler.rungs,
        reduction_factor=study.scheduler.reduction_factor,
        metrics=study.metrics,
        concepts=study.concepts.set,
        only=study.concepts.only,
    )


def stage_cache_dir() -> Path:
    """`SAE_SEARCH_CACHE`, or the user's cache folder."""
    configured = os.environ.get("SAE_SEARCH_CACHE")
    if configured:
        return Path(configured).resolve()
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "sae-search" / "stages"

"""From chosen trials to a finished confirmation, on Ray; resumable like a search, from its own ledger."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from search.confirmation.schedule import LastRungScheduler, TaskSuggester, task_of
from search.confirmation.subjects import Task, config_of
from search.execution.resources import GrantedResources
from search.execution.search_run import CACHE_BYTES, stage_cache_dir
from search.execution.signals import StopSignals
from search.execution.tune_runner import Work, run_trials, this_node
from search.ledger.history import History, TrialRecord
from search.ledger.recorder import TrialLogger, recording
from search.run_dir.inputs import refuse_other_data
from search.run_dir.run_directory import RunDirectory
from search.storage.shared_run import UNSHARED, Sharing
from search.study.study import Study
from trainables.data.dataset import Dataset

TIMEOUTS = 4
"""A training here fits four SAEs and scores five models, so it gets so many of a trial's timeouts."""


@dataclass(frozen=True)
class Confirmation:
    """All that a confirmation needs."""

    study: Study
    searched: History
    directory: RunDirectory
    """`confirm/` inside the run directory; its ledger, trials and log are the confirmation's own."""
    dataset: Dataset
    tasks: Sequence[Task]
    address: str
    release: Callable[[], None]
    """Frees the run's lock when a second signal comes."""
    loggers: Callable[[History], Sequence[TrialLogger]]
    sharing: Sharing = UNSHARED
    actor: str = "trainables.workers.confirm_actor:ConfirmActor"


def run_confirmation(confirmation: Confirmation, stop_signals: StopSignals) -> History:
    """Run every task that is not done; returns what happened in this and earlier sessions.

    The caller holds the run's lock. Raises SearchError by what went wrong; whatever is raised,
    everything acknowledged is in the ledger.
    """
    with recording(
        confirmation.directory.ledger,
        lambda history: [*confirmation.loggers(history), *confirmation.sharing.loggers],
    ) as recorder:
        refuse_other_data(recorder.history, confirmation.dataset.key)
        recorder.session(
            command=confirmation.directory.read_info().get("command"),
            host=platform.node(),
            pid=os.getpid(),
            target=len(confirmation.tasks),
            data=confirmation.dataset.key,
        )
        scheduler = LastRungScheduler(recorder, confirmation.study.budget.max_failures)
        scheduler.settle_all()
        suggester = TaskSuggester(confirmation.tasks, recorder)
        run_trials(_work(confirmation), confirmation.address, recorder, scheduler, suggester, stop_signals)
        return recorder.history


def _work(confirmation: Confirmation) -> Work:
    return Work(
        actor=confirmation.actor,
        context=lambda granted: _context(confirmation, granted),
        dataset=confirmation.dataset,
        resources=confirmation.study.resources,
        trials_dir=confirmation.directory.trials,
        leave_at_once=confirmation.release,
        config_of=_actor_config(confirmation),
        checks=confirmation.sharing.checks,
        is_shared=confirmation.sharing.place is not None,
    )


def _actor_config(confirmation: Confirmation) -> Callable[[TrialRecord], dict[str, Any]]:
    def config(record: TrialRecord) -> dict[str, Any]:
        trial = config_of(confirmation.study, confirmation.searched, task_of(record))
        return {
            "number": record.number,
            "folder": record.folder,
            "trial": trial.model_dump(),
            "passed": max(record.rungs, default=0),
        }

    return config


def _context(confirmation: Confirmation, granted: GrantedResources) -> Any:
    from trainables.pipeline.pipeline import Plan
    from trainables.workers.shipped_code import shipped_code
    from trainables.workers.trial_actor import TrialContext

    study = confirmation.study
    return TrialContext(
        trials_dir=str(confirmation.directory.trials),
        # One rung: what a trial is at the last rung does not depend on the rungs before it.
        plan=Plan(
            study_seed=study.budget.seed,
            rungs=1,
            reduction_factor=study.scheduler.reduction_factor,
            score_parts=study.score,
        ),
        cache_dir=str(stage_cache_dir()),
        cache_bytes=CACHE_BYTES,
        timeout_s=TIMEOUTS * study.budget.trial_timeout_s,
        timeout_name=f"{TIMEOUTS} x budget.trial_timeout_s",
        threads=granted.threads,
        gpus=granted.gpu,
        storage=confirmation.sharing.place,
        code=shipped_code(),
        home_node=this_node(),
    )

"""From a checked study to a finished history.

A resumed or enlarged run is a new Tuner for the trials still owed. Ray's own restore forgets what
happened since its last snapshot and empties the halving rungs, so study and rungs are rebuilt from
the ledger instead, and every unfinished trial continues under its own number from its own checkpoint.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.errors import NoTrialCompleted
from search.execution.resources import GrantedResources
from search.execution.signals import StopSignals
from search.execution.tune_runner import Work, run_trials, this_node
from search.ledger.history import History, TrialRecord
from search.ledger.recorder import TrialLogger, recording
from search.run_dir.inputs import refuse_other_data
from search.run_dir.run_directory import RunDirectory
from search.scheduling.rung_scheduler import RungScheduler
from search.scheduling.suggester import Suggester
from search.storage.shared_run import UNSHARED, Sharing
from search.study.study import Study
from trainables.data.dataset import Dataset

if TYPE_CHECKING:
    from trainables.pipeline.pipeline import Plan

CACHE_BYTES = 4 * 2**30
"""Upper bound of the stage cache, least recently used entries go first."""


@dataclass(frozen=True)
class SearchRun:
    """All that a search needs beside its study."""

    study: Study
    directory: RunDirectory
    dataset: Dataset
    target: int
    address: str
    loggers: Callable[[History], Sequence[TrialLogger]]
    sharing: Sharing = UNSHARED
    actor: str = "trainables.workers.trial_actor:TrialActor"
    """module:Class of what Ray runs, imported when Ray is up."""


def run_search(launch: SearchRun, stop_signals: StopSignals) -> History:
    """Run trials until `target` of them ended; returns what happened.

    The caller holds the directory's lock. Raises SearchError by what went wrong; whatever is raised,
    everything acknowledged is in the ledger.
    """
    with recording(
        launch.directory.ledger, lambda history: [*launch.loggers(history), *launch.sharing.loggers]
    ) as recorder:
        refuse_other_data(recorder.history, launch.dataset.key)
        recorder.session(
            command=launch.directory.read_info().get("command"),
            host=platform.node(),
            pid=os.getpid(),
            target=launch.target,
            data=launch.dataset.key,
        )
        scheduler = RungScheduler(launch.study, recorder)
        scheduler.settle_all()
        suggester = Suggester(launch.study, recorder, launch.target)
        run_trials(_work(launch), launch.address, recorder, scheduler, suggester, stop_signals)
        history = recorder.history
    if not history.in_state("COMPLETE"):
        raise NoTrialCompleted(f"none of the {history.finished} trials reached its full training")
    return history


def _work(launch: SearchRun) -> Work:
    return Work(
        actor=launch.actor,
        context=lambda granted: _context(launch, granted),
        dataset=launch.dataset,
        resources=launch.study.resources,
        trials_dir=launch.directory.trials,
        leave_at_once=launch.directory.release,
        config_of=_config_of(launch.study),
        checks=launch.sharing.checks,
        is_shared=launch.sharing.place is not None,
    )


def _config_of(study: Study) -> Callable[[TrialRecord], dict[str, Any]]:
    def config(record: TrialRecord) -> dict[str, Any]:
        return {
            "number": record.number,
            "folder": record.folder,
            "trial": study.trial_config(record.params).model_dump(),
        }

    return config


def _context(launch: SearchRun, granted: GrantedResources) -> Any:
    from trainables.workers.shipped_code import shipped_code
    from trainables.workers.trial_actor import TrialContext

    study = launch.study
    return TrialContext(
        trials_dir=str(launch.directory.trials),
        plan=plan_of(study),
        cache_dir=str(stage_cache_dir()),
        cache_bytes=CACHE_BYTES,
        timeout_s=study.budget.trial_timeout_s,
        threads=granted.threads,
        gpus=granted.gpu,
        storage=launch.sharing.place,
        code=shipped_code(),
        home_node=this_node(),
    )


def plan_of(study: Study) -> Plan:
    """The pipeline's plan for a study."""
    from trainables.pipeline.pipeline import Plan  # torch comes with it

    return Plan(
        study_seed=study.budget.seed,
        rungs=study.scheduler.rungs,
        reduction_factor=study.scheduler.reduction_factor,
        score_parts=study.score,
    )


def stage_cache_dir() -> Path:
    """`SAE_SEARCH_CACHE`, or the user's cache folder."""
    configured = os.environ.get("SAE_SEARCH_CACHE")
    if configured:
        return Path(configured).resolve()
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "sae-search" / "stages"

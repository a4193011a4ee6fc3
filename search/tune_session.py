"""Running trials on Ray Tune: the only module that builds a Tuner.

What a search and a confirmation share. Who proposes, who judges and what a worker runs are the caller's.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.errors import ClusterError
from search.history import TrialRecord
from search.interruption import Interruption
from search.recorder import Recorder
from search.resources import Grant, grant, places
from search.study import Resources
from trainables import registry
from trainables.dataset import Dataset

if TYPE_CHECKING:
    from search.tune_hooks import Judges, Proposes


@dataclass(frozen=True)
class Work:
    """What a worker runs, on what, and with how much of the machine."""

    actor: str
    """module:Class, imported when Ray is up."""
    context: Callable[[Grant], Any]
    """The actor's context, once it is known what a trial is granted."""
    dataset: Dataset
    resources: Resources
    config_of: Callable[[TrialRecord], dict[str, Any]]
    """What the actor is told of one trial; must hold its `number`."""


def run_trials(
    work: Work,
    scratch: Path,
    recorder: Recorder,
    judge: Judges,
    proposer: Proposes,
    interruption: Interruption,
) -> None:
    """Run what `proposer` owes. Ray must be up. Raises ClusterError if it is lost, Halt to leave early."""
    import ray
    from ray import tune

    from search.tune_hooks import JudgeScheduler, LedgerSearcher, RunCallback

    granted = grant(work.resources, ray.cluster_resources())

    def concurrency() -> int:
        return places(granted, ray.cluster_resources())

    # Ray lets a searcher of one's own have a single pending trial unless told otherwise.
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(max(16, concurrency()))
    actor = tune.with_parameters(
        registry.load({"actor": work.actor}, "actor"), context=work.context(granted), dataset=work.dataset
    )
    tuner = tune.Tuner(
        tune.with_resources(actor, {"cpu": granted.cpu, "gpu": granted.gpu}),
        tune_config=tune.TuneConfig(
            search_alg=LedgerSearcher(proposer, judge, recorder, concurrency, work.config_of),
            scheduler=JudgeScheduler(judge),
            num_samples=proposer.owed,
            reuse_actors=True,
            trial_dirname_creator=_trial_name,
            trial_name_creator=_trial_name,
        ),
        run_config=tune.RunConfig(
            name="tune",
            storage_path=str(scratch / "storage"),
            verbose=0,
            # Only the death of a process gets here; everything else is caught in the trial.
            failure_config=tune.FailureConfig(max_failures=1),
            checkpoint_config=tune.CheckpointConfig(checkpoint_frequency=0, checkpoint_at_end=False),
            callbacks=[RunCallback(recorder, interruption)],
        ),
    )
    try:
        tuner.fit()
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise ClusterError(f"Ray was lost: {str(error).strip().splitlines()[0]}") from error


def _trial_name(trial: Any) -> str:
    """Ray's scratch names carry no parameter and no user text."""
    return f"trial_{trial.trial_id}"

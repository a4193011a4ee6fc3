"""Running trials on Ray Tune: the only module that builds a Tuner.

What a search and a confirmation share. Who proposes, who judges and what a worker runs are the caller's.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.errors import Halt, Interrupted
from search.execution.actor_inputs import with_inputs
from search.execution.concurrency import ConcurrencyLimiter
from search.execution.nodes import autoscales, nodes, on_one_disk
from search.execution.ray_session import Session, ray_session
from search.execution.resources import GrantedResources
from search.execution.signals import StopSignals
from search.ledger.history import History, TrialRecord
from search.ledger.recorder import Recorder
from search.study.sections import Resources
from trainables.data.dataset import Dataset
from trainables.workers.messages import TrialTask

if TYPE_CHECKING:
    from search.execution.tune_adapters import DecidesAtRungs, SuggestsTrials
    from trainables.workers.trial_context import TrialContext


MAX_PENDING = 512
RETRIES_ON_A_CLUSTER = 3
"""Of a trial whose process dies: there it often dies with its machine, and not by the trial's doing."""


@dataclass(frozen=True)
class Work:
    """What a worker runs, on what, and with how much of the machine."""

    actor: str
    """module:Class, imported when Ray is up."""
    context: Callable[[GrantedResources], TrialContext]
    """The actor's context, once it is known what a trial is granted."""
    dataset: Dataset
    resources: Resources
    trials_dir: Path
    leave_at_once: Callable[[], None]
    """Frees what must not stay behind when a second signal comes."""
    task_of: Callable[[TrialRecord], TrialTask]
    """What the actor is told of one trial."""
    checks: tuple[Callable[[], None], ...] = ()
    """Called between Ray's steps; may raise Halt."""
    is_shared: bool = False
    """Whether trials go to storage that all nodes see."""


def run_trials(
    work: Work,
    address: str,
    recorder: Recorder,
    scheduler: DecidesAtRungs,
    suggester: SuggestsTrials,
    stop_signals: StopSignals,
) -> None:
    """Run what `suggester` owes on the Ray at `address`.

    Raises ClusterError if Ray cannot be had or is lost, Halt to leave early.
    """
    if not suggester.owed:
        return
    _forget_unacknowledged_timeouts(work.trials_dir, recorder.history)
    with stop_signals.listening(work.leave_at_once) as arm:
        try:
            with ray_session(address) as session:
                arm()  # Ray took SIGTERM for itself
                _fit(work, session, recorder, scheduler, suggester, stop_signals)
        except SystemExit:
            raise Halt(Interrupted(signal.SIGTERM)) from None  # Ray's answer to SIGTERM while it starts


def _fit(
    work: Work,
    session: Session,
    recorder: Recorder,
    scheduler: DecidesAtRungs,
    suggester: SuggestsTrials,
    stop_signals: StopSignals,
) -> None:
    from ray import tune

    from search.execution.actor_losses import losses_end_attempts
    from search.execution.tune_adapters import LedgerSearcher, RunCallback, TuneScheduler
    from search.scheduling.timeouts import Attempts

    capacity = ConcurrencyLimiter(
        work.resources,
        on_one_disk(nodes, is_shared=work.is_shared),
        autoscales=session.is_cluster and autoscales(),
    )
    granted = capacity.granted
    retries = RETRIES_ON_A_CLUSTER if session.is_cluster else 1
    # Ray lets a searcher of one's own have a single pending trial unless told otherwise; ours sets the limit.
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(MAX_PENDING)
    context = work.context(granted)
    attempts = Attempts(context.timeout_s, context.overrun)
    scratch = None if session.is_cluster else session.scratch
    actor = with_inputs(work.actor, scratch, context=context, dataset=work.dataset)
    tuner = tune.Tuner(
        tune.with_resources(actor, {"cpu": granted.cpu, "gpu": granted.gpu}),
        tune_config=tune.TuneConfig(
            search_alg=LedgerSearcher(
                suggester,
                scheduler,
                recorder,
                capacity.concurrency,
                work.task_of,
                attempts,
                work.trials_dir,
                retries,
            ),
            scheduler=TuneScheduler(scheduler, attempts),
            num_samples=-1,  # the searcher says when all is done; a lost trial may be handed out twice
            reuse_actors=True,
            trial_dirname_creator=_trial_name,
            trial_name_creator=_trial_name,
        ),
        run_config=tune.RunConfig(
            name="tune",
            storage_path=str(session.scratch / "storage"),
            verbose=0,
            # Only the death of a process gets there, and the searcher says what follows from it.
            failure_config=tune.FailureConfig(max_failures=0),
            checkpoint_config=tune.CheckpointConfig(checkpoint_frequency=0, checkpoint_at_end=False),
            callbacks=[
                RunCallback(attempts, (stop_signals.check, session.check, capacity.check, *work.checks))
            ],
        ),
    )
    with losses_end_attempts(session.check, context.timeout_s):
        tuner.fit()


def _forget_unacknowledged_timeouts(trials_dir: Path, history: History) -> None:
    """A watchdog's mark whose trial was not ended by it is of an earlier session, perhaps with less time."""
    for record in history.in_state("RUNNING"):
        (trials_dir / record.folder / "timeout.txt").unlink(missing_ok=True)


def this_node() -> str:
    """Ray's id of the node that this process is on."""
    import ray

    return str(ray.get_runtime_context().get_node_id())


def _trial_name(trial: Any) -> str:
    """Ray's scratch names carry no parameter and no user text."""
    return f"trial_{trial.trial_id}"

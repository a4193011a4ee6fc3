"""A trial actor that misbehaves by trial number, and a driver that searches with it.

python -m tests.search_tests.faulty_actor RUNS_FOLDER NAME [ADDRESS [STORAGE]]

With a storage it is a search on a cluster, whose trials misbehave as far from the driver as they can. The
address "out of hand" is a local search one trial at a time, with an actor that Ray or the driver must end.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from search.console.report_error import report
from search.errors import SearchError
from search.execution.resources import resources_of_this_machine
from search.execution.search_run import SearchRun, run_search
from search.execution.signals import StopSignals
from search.run_dir.driver_log import driver_log
from search.run_dir.run_directory import create
from search.space.loader import load_study
from search.storage.shared_run import sharing
from search.study.sections import Budget
from trainables.data.dataset import load_dataset
from trainables.errors import TrialDiverged
from trainables.workers.trial_actor import TrialActor

CANNOT_DRAW = 0
RAISES, DIVERGES, DIES_ONCE, DIES_ALWAYS, HANGS = 1, 2, 3, 4, 5
HANGS_FAR, DIES_FAR = 1, 2
EATS, FREEZES = 1, 2


class FaultyActor(TrialActor):
    """Trials 1 to 5 go wrong, each in its own way; the others are honest; trial 0 cannot draw."""

    def _take(self, config: Mapping[str, Any]) -> None:
        super()._take(config)
        if config["number"] == HANGS:
            self._deadline = time.monotonic() + 5  # the others need theirs on a busy machine

    def _step_and_save(self) -> dict[str, Any]:
        number = self._config["number"]
        if number == CANNOT_DRAW:
            (self._folder / "pictures").touch()
        message = super()._step_and_save()
        if number == RAISES:
            raise ValueError("planted: a shape is wrong\nand a second line")
        if number == DIVERGES:
            raise TrialDiverged("sae/fvu is nan after epoch 1")
        if number == DIES_ONCE and not (self._folder / "died").exists():
            (self._folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if number == DIES_ALWAYS:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == HANGS:
            time.sleep(1000)
        return message


class FarActor(TrialActor):
    """On nodes whose disks the driver does not see, trial 1 hangs and trial 2 dies once."""

    def _step_and_save(self) -> dict[str, Any]:
        assert self._worker_storage is not None
        assert self._worker_storage.scratch is not None
        if self._config["number"] == HANGS_FAR:
            ctypes.PyDLL(None).sleep(1000)  # in C, and with the interpreter's lock
        died = Path(str(self._context.storage)) / "died"
        if self._config["number"] == DIES_FAR and not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super()._step_and_save()


class OutOfHandActor(TrialActor):
    """Trial 1 takes memory until somebody ends it; trial 2 is stopped as by a debugger."""

    def _step_and_save(self) -> Any:
        eaten = []
        while self._config["number"] == EATS:
            eaten.append(b"x" * 100_000_000)
            time.sleep(0.01)
        if self._config["number"] == FREEZES:
            os.kill(os.getpid(), signal.SIGSTOP)
        return super()._step_and_save()


def main(root: Path, name: str, address: str = "local", storage: str | None = None) -> int:
    """One search with a faulty actor; returns the exit code a user would see."""
    loaded = load_study(Path(__file__).parent / "spaces" / "tiny.yaml")
    trials, timeout_s, actor = (8, 120, "FaultyActor") if storage is None else (3, 40, "FarActor")
    resources = loaded.study.resources
    if address == "out of hand":
        address, trials, timeout_s, actor = "local", 4, 60, "OutOfHandActor"
        resources = replace(resources, cpu=resources_of_this_machine()["CPU"])
    budget = Budget(trials=trials, seed=3, max_failures=4, trial_timeout_s=timeout_s)
    study = replace(loaded.study, budget=budget, resources=resources)
    directory = create(root, study.name, name, {"space.resolved.yaml": loaded.resolved_text})
    try:
        with driver_log(directory.log), sharing(directory, storage) as shared:
            launch = SearchRun(
                study=study,
                directory=directory,
                dataset=load_dataset("digits", limit=300),
                address=address,
                loggers=lambda _: [],
                release=directory.release,
                sharing=shared,
                actor=f"tests.search_tests.faulty_actor:{actor}",
            )
            run_search(launch, StopSignals())
    except SearchError as error:
        return report(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))

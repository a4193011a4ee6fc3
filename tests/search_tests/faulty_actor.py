"""A trial actor that misbehaves by trial number, and a driver that searches with it.

python -m tests.search_tests.faulty_actor RUNS_FOLDER NAME
"""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from search.driver_log import driver_log
from search.errors import SearchError
from search.interruption import Interruption
from search.launch import Launch, run_search
from search.report_error import report
from search.run_directory import create
from search.space import load_study
from search.study import Budget
from trainables.dataset import load_dataset
from trainables.errors import TrialDiverged
from trainables.trial_actor import TrialActor

CANNOT_DRAW = 0
RAISES, DIVERGES, DIES_ONCE, DIES_ALWAYS, HANGS = 1, 2, 3, 4, 5


class FaultyActor(TrialActor):
    """Trials 1 to 5 go wrong, each in its own way; the others are honest; trial 0 cannot draw."""

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


def main(root: Path, name: str) -> int:
    """One search with the faulty actor; returns the exit code a user would see."""
    loaded = load_study(Path(__file__).parent / "spaces" / "tiny.yaml")
    study = replace(loaded.study, budget=Budget(trials=8, seed=3, max_failures=4, trial_timeout_s=15))
    directory = create(root, study.name, name, {"space.resolved.yaml": loaded.resolved_text})
    launch = Launch(
        study=study,
        directory=directory,
        dataset=load_dataset("digits", limit=300),
        target=8,
        address="local",
        listeners=lambda _: [],
        actor="tests.search_tests.faulty_actor:FaultyActor",
    )
    try:
        with driver_log(directory.log):
            run_search(launch, Interruption())
    except SearchError as error:
        return report(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))

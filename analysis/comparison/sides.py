"""The two trials that are compared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.load import Run, load_run
from analysis.trial_model import TrialModel
from search.errors import SpaceError
from search.ledger.history import TrialRecord


@dataclass(frozen=True)
class Side:
    """A trial with its model, and what it is called beside the other."""

    run: Run
    record: TrialRecord
    model: TrialModel
    name: str


def two_sides(places: Sequence[str], trials: Sequence[int] | None) -> tuple[Side, Side]:
    """The sides that a command line names.

    places: two of RUN (its best trial) or RUN:TRIAL; one RUN together with two `trials`, or alone, which is
    its default, trial 0, beside its best. SpaceError for
    anything else or if both are one and the same trial; what `load_run` and `Run.model` raise.
    """
    if trials is not None:
        if len(places) != 1:
            raise SpaceError("--trials takes two trials of one RUN; give one run, or RUN:TRIAL twice")
        wanted: list[tuple[Path, int | None]] = [(Path(places[0]), number) for number in trials]
    elif len(places) == 2:
        wanted = [_place(text) for text in places]
    elif len(places) == 1 and _place(places[0])[1] is None:
        wanted = [(Path(places[0]), 0), (Path(places[0]), None)]
    else:
        raise SpaceError("compare what with what? Give two runs, or one run and --trials A B")
    runs = {path: load_run(path) for path in dict.fromkeys(path for path, _ in wanted)}
    chosen = [
        (runs[path], runs[path].best_trial().number if number is None else number) for path, number in wanted
    ]
    (first, a), (second, b) = chosen
    if first.path == second.path and a == b:
        raise SpaceError(f"both are trial {a} of {first.path}: there is nothing to compare")
    return _side(first, a, second), _side(second, b, first)


def _place(text: str) -> tuple[Path, int | None]:
    """RUN, or RUN:TRIAL unless a folder bears that very name."""
    found = re.fullmatch(r"(.+):(\d+)", text)
    if found is None or Path(text).is_dir():
        return Path(text), None
    return Path(found[1]), int(found[2])


def _side(run: Run, number: int, other: Run) -> Side:
    model = run.model(number)
    record = run.history.trials[number]
    name = f"trial {record.folder}" if run.path == other.path else f"{run.name}, trial {record.folder}"
    return Side(run, record, model, name)

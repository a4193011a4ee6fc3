"""How soon engines find good pipelines: hypervolume against seconds and trials, replayed on a recorded table.

    python benchmarks/search_quality.py recorded/digits_table.json [--seeds 20] [--trials 60] [--json FILE]

The table (`trial_table.py`) has real trials at every rung with the seconds of their stages. Here they pass in
virtual time, one worker after the other, through the real suggester, scheduler, recorder and ledger; a trial
pays for its classifier unless an earlier one of the same search trained it so far. Engines:

    random, asha        draws at random, halving
    TPE, no halving     Optuna's TPE alone, every trial in full
    TPE, asha           what a search does by default
    stages, asha        the same with sampler.stages
    stages, promotion   with promotion of paused trials
    TPE, asha, nothing shared
                        each trial trains its own classifier

Hypervolume is that of feasible trials trained in full, as a share of the table's whole front. Of each engine
the median over seeds of the seconds to 50, 80, 90 and 95 % of it, and the mean share at its end.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from replay import Course, Replay, Rungs, key_of
from results import machine, machine_line, say, table, write_json

from search.ranking.hypervolume import Gain
from search.space.loader import load_text
from search.stages.prefix import Prefix, prefix_of
from search.study.sections import Sampler, Scheduler
from search.study.study import Study

LEVELS = (0.5, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Engine:
    """What is set in the study, and whether trials share classifiers."""

    sampler: Mapping[str, Any]
    scheduler: Mapping[str, Any]
    shares: bool = True


ENGINES = {
    "random, asha": Engine({"name": "random"}, {"name": "asha"}),
    "TPE, no halving": Engine({"name": "tpe"}, {"name": "none", "rungs": 1}),
    "TPE, asha": Engine({"name": "tpe"}, {"name": "asha"}),
    "stages, asha": Engine({"name": "tpe", "stages": True}, {"name": "asha"}),
    "stages, promotion": Engine(
        {"name": "tpe", "stages": True}, {"name": "promotion", "ties": "epsilon_net"}
    ),
    "TPE, asha, nothing shared": Engine({"name": "tpe"}, {"name": "asha"}, shares=False),
}


class Volume:
    """Hypervolume of feasible points as a share of the table's."""

    def __init__(self, study: Study, trials: Mapping[str, Rungs]) -> None:
        self._study = study
        metrics = [rungs[-1]["metrics"] for rungs in trials.values()]
        feasible = [m for m in metrics if all(c.violation(m[c.metric]) == 0 for c in study.constraints)]
        self._gain = Gain(np.array([self.losses(m) for m in feasible]))

    def losses(self, metrics: Mapping[str, float]) -> list[float]:
        """Smaller is better."""
        return [(-1.0 if o.mode == "max" else 1.0) * metrics[o.metric] for o in self._study.objectives]

    def share(self, points: list[list[float]]) -> float:
        """Of the hypervolume of the table's front."""
        return self._gain.volume(np.array(points)) / self._gain.hypervolume if points else 0.0

    def course(self, found: Course) -> list[tuple[float, int, float]]:
        """(seconds, trials, share) whenever a trial has added to it."""
        points: list[list[float]] = []
        grown = [(0.0, 0, 0.0)]
        for seconds, begun, record in found:
            metrics = record.metrics
            if all(c.violation(metrics[c.metric]) == 0 for c in self._study.constraints):
                points.append(self.losses(metrics))
                grown.append((seconds, begun, self.share(points)))
        return grown


def charge(study: Study, trials: Mapping[str, Rungs], times: float) -> None:
    """To every trial the seconds of its classifier, which only the first that was recorded had to pay."""
    dearest: dict[tuple[Prefix, int], float] = {}
    for key, rungs in trials.items():
        prefix = prefix_of(study, json.loads(key))
        for at, rung in enumerate(rungs):
            dearest[prefix, at] = max(dearest.get((prefix, at), 0.0), float(rung["classifier_s"]))
    for key, rungs in trials.items():
        prefix = prefix_of(study, json.loads(key))
        for at, rung in enumerate(rungs):
            rung["classifier_s"] = times * dearest[prefix, at]


def reached(course: list[tuple[float, int, float]], level: float, column: int) -> float:
    """Seconds (column 0) or trials (1) to a share; infinite if it was never reached."""
    return next((float(point[column]) for point in course if point[2] >= level), float("inf"))


def at(course: list[tuple[float, int, float]], seconds: float) -> float:
    """The share at a time."""
    return max(share for when, _, share in course if when <= seconds)


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("table", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--dearer", type=float, default=1.0, help="as if classifiers cost so many times more")
    parser.add_argument("--engines", nargs="*", default=list(ENGINES), choices=list(ENGINES))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    recorded = json.loads(options.table.read_text())
    loaded = load_text(recorded["space"], "table").study
    charge(loaded, recorded["trials"], options.dearer)
    volume = Volume(loaded, recorded["trials"])
    rows = []
    for name in options.engines:
        engine = ENGINES[name]
        courses, ends = [], []
        for seed in range(options.seeds):
            study = replace(
                loaded,
                budget=loaded.budget.model_copy(update={"trials": options.trials, "seed": seed}),
                sampler=Sampler.model_validate(engine.sampler),
                scheduler=Scheduler.model_validate(engine.scheduler),
            )
            one = Replay(study, lambda params: recorded["trials"][key_of(params)], shares=engine.shares)
            one.run()
            courses.append(volume.course(one.course))
            ends.append(one.now)
        seconds = [statistics.median(reached(course, level, 0) for course in courses) for level in LEVELS]
        trials = statistics.median(reached(course, 0.9, 1) for course in courses)
        last = statistics.mean(course[-1][2] for course in courses)
        rows.append((name, *seconds, trials, last, statistics.median(ends)))
        say(f"{name}: {rows[-1][1:]}")
    head = (
        "engine",
        *(f"s to {level:.0%}" for level in LEVELS),
        "trials to 90%",
        "share at the end",
        "s in all",
    )
    say(table(head, rows))
    facts = machine()
    say(f"\n{machine_line(facts)}")
    write_json(options.json, sys.argv, facts, [dict(zip(head, row, strict=True)) for row in rows])


if __name__ == "__main__":
    main()

"""What every part of a report needs to know about a run: who stands where, and how trials are told."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from analysis.charts.curves import Fate
from analysis.load import Run
from analysis.report_parts.blocks import Legend, Span
from search.history import TrialRecord
from search.standings import Standings, key_metrics, number, score, standings
from search.study import Objective, Scalar, Study
from trainables.metric_table import METRICS

RANKED = 50
"""Trials of the leaderboard."""


@dataclass(frozen=True)
class Outlook:
    """A run with a readable space, and where its report is written."""

    run: Run
    study: Study
    out: Path
    run_as_typed: str
    """The run directory as a shell command names it."""

    @cached_property
    def standings(self) -> Standings:
        """The 50 best, the front, who broke a constraint, who failed."""
        return standings(self.study, self.run.history, RANKED)

    @cached_property
    def complete(self) -> list[TrialRecord]:
        """Trials that were trained in full and have every objective."""
        return [t for t in self.run.history.in_state("COMPLETE") if t.values is not None]

    @cached_property
    def default(self) -> TrialRecord | None:
        """The first trial of the default configuration."""
        return next((t for t in self.run.history.trials.values() if t.is_default), None)

    @cached_property
    def _front(self) -> set[int]:
        return {trial.number for trial in self.standings.front}

    @cached_property
    def _infeasible(self) -> set[int]:
        return {trial.number for trial in self.standings.infeasible}

    def fate(self, trial: TrialRecord) -> Fate:
        """How its marks look in every chart; the default's look goes before its rank."""
        if trial.is_default:
            return "default"
        if trial.number in self._front:
            return "front"
        if trial.number in self._infeasible:
            return "infeasible"
        return "ranked" if trial.state == "COMPLETE" else "pruned"

    def values(self, trial: TrialRecord) -> dict[str, Scalar]:
        """Dotted path -> setting of the trial."""
        return self.study.values(trial.params)

    def searched(self, trial: TrialRecord) -> Iterator[tuple[str, Scalar]]:
        """(path, value) of the searched settings that are active in the trial."""
        values = self.values(trial)
        yield from ((p.path, values[p.path]) for p in self.study.parameters if p.path in values)

    def legend(self, entries: Legend, shown: Iterable[TrialRecord]) -> Legend:
        """The entries whose marks are in a picture of the trials."""
        fates = {self.fate(trial) for trial in shown}
        return tuple((mark, meaning) for mark, meaning in entries if mark.split()[-1] in fates)

    def title(self, trial: TrialRecord) -> str:
        """The trial in a line: its number, its scores, what it sets."""
        metrics = trial.metrics
        scores = "  ".join(
            f"{name} {score(metrics[name])}" for name in key_metrics(self.study) if name in metrics
        )
        settings = " ".join(f"{path}={number(value)}" for path, value in self.searched(trial))
        what = {"PRUNED": ", stopped early", "FAIL": ", failed", "RUNNING": ", unfinished"}.get(
            trial.state, ""
        )
        default = ", the default" if trial.is_default else ""
        return f"trial {trial.folder}{default}{what}: {scores}\n{settings}"

    def href(self, trial: TrialRecord) -> str:
        """Its gallery, or where the page says how to make one."""
        page = self.run.path / "gallery" / trial.folder / "index.html"
        return Path(os.path.relpath(page, self.out)).as_posix() if page.is_file() else "#galleries"

    @cached_property
    def galleries(self) -> list[str]:
        """Folders of the trials that have a gallery."""
        return sorted(page.parent.name for page in self.run.path.glob("gallery/*/index.html"))

    def link(self, trial: TrialRecord) -> Span:
        """The trial's number, leading to its gallery."""
        return Span(trial.folder, "plain", self.href(trial), trial.number)


def chance_level(metric: str, trials: list[TrialRecord]) -> float | None:
    """The mean chance level over trials: a constant for some metrics, measured anew for others."""
    if metric.endswith("_skill"):
        return 0.0
    levels = [t.metrics[f"{metric}_null"] for t in trials if f"{metric}_null" in t.metrics]
    if f"{metric}_null" not in METRICS or not levels:
        return None
    return sum(levels) / len(levels)


def better(objective: Objective, a: float, b: float) -> bool:
    """Whether a is better than b."""
    return a > b if objective.mode == "max" else a < b

"""What every part of a report needs to know about a run: who stands where, and how trials are told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.charts.fate import Fate
from analysis.charts.scale import thinned
from analysis.pages.gallery_link import gallery_link
from analysis.report_parts.blocks import Legend, Span
from search.formatting import number, score
from search.ledger.history import TrialRecord
from search.ranking.floor import count_words
from search.ranking.leaderboard import Leaderboard, chance_level, key_metrics, leaderboard
from search.study.domains import Scalar
from search.study.study import Study
from trainables.metrics.catalog import role

if TYPE_CHECKING:
    from analysis.load import Run

RANKED = 50
"""Trials of the leaderboard."""
NOT_IN_FULL = {"PRUNED": "stopped early", "FAIL": "failed", "RUNNING": "unfinished"}
"""State of a trial that was not trained in full -> how it is told."""


@dataclass(frozen=True)
class Outlook:
    """A run with a readable space, and where its report is written."""

    run: Run
    study: Study
    out: Path
    run_as_typed: str
    """The run directory as a shell command names it."""

    @cached_property
    def leaderboard(self) -> Leaderboard:
        """The 50 best, the front, who broke a constraint, who failed."""
        return leaderboard(self.study, self.run.history, RANKED)

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
        return {trial.number for trial in self.leaderboard.front}

    @cached_property
    def _infeasible(self) -> set[int]:
        return {trial.number for trial in self.leaderboard.infeasible}

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

    def selected(self, trials: Sequence[TrialRecord], most: int) -> list[TrialRecord]:
        """At most `most` of the trials, in their order: front and default, then the rest evenly thinned."""
        wanted = [trial.number for trial in trials if self.fate(trial) in ("front", "default")][:most]
        kept = set(wanted)
        kept.update(thinned([t.number for t in trials if t.number not in kept], most - len(wanted)))
        return [trial for trial in trials if trial.number in kept]

    def legend(self, entries: Legend, shown: Iterable[TrialRecord]) -> Legend:
        """The entries whose marks are in a picture of the trials."""
        fates = {self.fate(trial) for trial in shown}
        return tuple((mark, meaning) for mark, meaning in entries if mark.split()[-1] in fates)

    def title(self, trial: TrialRecord) -> str:
        """The trial in a line: its number, its scores, what it sets."""
        metrics = trial.metrics
        scores = "  ".join(
            f"{name} {count_words(name, metrics, score)}"
            for name in key_metrics(self.study)
            if name in metrics
        )
        settings = " ".join(f"{path}={number(value)}" for path, value in self.searched(trial))
        notes = ["the default"] if trial.is_default else []
        notes += [NOT_IN_FULL[trial.state]] if trial.state in NOT_IN_FULL else []
        return f"{', '.join([f'trial {trial.folder}', *notes])}: {scores}\n{settings}"

    def href(self, trial: TrialRecord) -> str:
        """Its gallery, or where the page says how to make one."""
        return gallery_link(self.run.path, trial.folder, self.out) or "#galleries"

    @cached_property
    def galleries(self) -> list[str]:
        """Folders of the trials that have a gallery."""
        return sorted(page.parent.name for page in self.run.path.glob("gallery/*/index.html"))

    def link(self, trial: TrialRecord) -> Span:
        """The trial's number, leading to its gallery."""
        return Span(trial.folder, "plain", self.href(trial), trial.number)


def mean_chance_level(metric: str, trials: Iterable[TrialRecord]) -> float | None:
    """The mean of `chance_level` over the trials that have one, for it is measured in each; of a skill 0."""
    if role(metric) == "skill":
        return 0.0
    levels = [level for t in trials if (level := chance_level(metric, t.metrics)) is not None]
    return sum(levels) / len(levels) if levels else None

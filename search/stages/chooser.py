"""The next trial by what it promises for the seconds that it costs, given the classifiers that are there."""

from __future__ import annotations

import random
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from search.ledger.history import History, TrialRecord
from search.ranking.pareto import pareto_fronts
from search.scheduling.brackets import bracket_shares
from search.stages.bouts import Bouts
from search.stages.candidates import CLASSIFIERS, Candidates
from search.stages.encoding import Encoding, Rows
from search.stages.prefix import Prefix, prefix_of
from search.stages.promise import Promise
from search.stages.seconds import predicted
from search.stages.spending import Spending
from search.study.domains import Scalar
from search.study.study import Study

FREE = 4
"""One trial in so many is the sampler's own, whatever it costs, for what the forest thinks worthless."""
BEST = 10


class StageChooser:
    """Decides anew for every trial; what it decides follows from study, history and number alone."""

    def __init__(self, study: Study, history: History) -> None:
        self._study, self._history = study, history
        self._encoding = Encoding(study)
        self._spending = Spending(study, history)
        self._bouts = Bouts(study, history, self._spending)

    def choose(
        self, number: int, proposed: Mapping[str, Scalar], shown: Sequence[int]
    ) -> dict[str, Scalar] | None:
        """The draw for trial `number`; None to take what the sampler proposed, as far as it did.

        shown: numbers of the trials that a sampler is shown.
        """
        records = [self._history.trials[n] for n in shown]
        ended = [record for record in records if record.state != "RUNNING" or record.paused_at is not None]
        if len(ended) < self._study.sampler.startup_trials or number % FREE == 0:
            return None
        self._spending.update()
        self._bouts.update()
        seed = zlib.crc32(f"{self._study.budget.seed}/stages/{number}".encode())
        promise = Promise(self._study, self._encoding, ended, seed)
        if not promise.can_tell:
            return None
        candidates = Candidates(self._study, random.Random(seed))
        there = self._there(ended)
        draws = [candidates.drawn(proposed), *candidates.all(self._best(ended), list(there.values()))]
        draws = self._new(draws)
        if not draws:
            return None
        rows = self._encoding.rows(draws)
        worth = promise.of(rows) / self._seconds(draws, rows, seed)
        at = int(np.argmax(worth))
        return draws[at] if worth[at] > 0 else None

    def _new(self, draws: Sequence[dict[str, Scalar]]) -> list[dict[str, Scalar]]:
        """Each once; none that a trial has had, and none on a classifier whose bout is over."""
        found: dict[tuple[tuple[str, Scalar], ...], dict[str, Scalar]] = {}
        for draw in draws:
            key = tuple(sorted(draw.items()))
            if key not in self._spending.drawn and not self._bouts.is_over(prefix_of(self._study, draw)):
                found.setdefault(key, draw)
        return list(found.values())

    def _best(self, ended: Sequence[TrialRecord]) -> list[TrialRecord]:
        fronts = pareto_fronts(self._study, ended)
        best = [record for front in fronts for record in front][:BEST]
        return best or list(ended[-BEST:])

    def _there(self, ended: Sequence[TrialRecord]) -> dict[Prefix, TrialRecord]:
        """A trial of each classifier that is there: those of the best trials first, then the newest."""
        found: dict[Prefix, TrialRecord] = {}
        for record in (*self._best(ended), *reversed(ended)):
            if len(found) == CLASSIFIERS:
                break
            prefix = self._spending.prefixes[record.number]
            if record.rungs and not self._bouts.is_over(prefix):
                found.setdefault(prefix, record)
        return found

    def _seconds(self, draws: Sequence[Mapping[str, Scalar]], rows: Rows, seed: int) -> np.ndarray[Any, Any]:
        """Expected seconds of each draw: what its rungs cost, as often as they are reached."""
        section = self._study.scheduler
        seconds = predicted(self._spending, self._encoding, rows, section.rungs, seed)
        far = self._spending.trained
        had = np.array([far.get(prefix_of(self._study, draw), 0) for draw in draws])
        rungs = np.arange(1, section.rungs + 1)
        classifier = np.where(rungs[None] <= had[:, None], seconds.found, seconds.classifier)
        total: np.ndarray[Any, Any] = ((classifier + seconds.features) * self._reaching(rungs)).sum(1)
        return total

    def _reaching(self, rungs: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Share of trials that reach each rung, as the scheduler would have it."""
        section = self._study.scheduler
        shares: np.ndarray[Any, Any] = np.zeros(len(rungs))
        survivors = {"none": 1.0, "median": 0.5}.get(section.name, 1 / section.reduction_factor)
        for bracket, share in enumerate(bracket_shares(section)):
            shares = shares + share * survivors ** np.maximum(0.0, rungs - 1.0 - bracket)
        return shares

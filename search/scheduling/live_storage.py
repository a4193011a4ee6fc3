"""The live study's trials, of which a sampler is shown no more than it can work through.

What a proposal costs grows with the trials that a sampler looks at, 18 ms at 100 and a quarter of a second at
thousands. So from some number on it is shown the best, and of the others fewer and fewer the older they are.
"""

from __future__ import annotations

import copy
from collections.abc import Container, Sequence
from itertools import chain

import numpy as np
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState

BEST = 1 / 3
"""Share of the places that is kept for the best."""
SLACK = 0.1
"""By how much the trials shown may exceed their number before some are let go."""


class LiveStorage(InMemoryStorage):
    """Optuna's storage in memory; `most` ended trials are shown, 0: all.

    A trial that is paused at a rung may go on, but a sampler learns from what it has shown so far.
    """

    def __init__(self, most: int, signs: Sequence[float]) -> None:
        """signs: 1 for an objective that is minimised, -1 for one that is maximised."""
        super().__init__()
        self._most, self._signs = most, np.array(signs)
        self._live: set[int] = set()
        self._shown: list[int] = []
        self._paused: dict[int, FrozenTrial] = {}
        self.n_ended = 0
        """Trials that ended or are paused, shown or not."""

    def began(self, number: int) -> None:
        """A trial runs from now on; those that do are always shown."""
        self._live.add(number)

    def paused(self, number: int, as_ended: FrozenTrial) -> None:
        """A trial waits at a rung; `as_ended` is what a sampler is shown of it meanwhile."""
        self._paused[number] = as_ended
        self.n_ended += 1

    def goes_on(self, number: int) -> None:
        """A trial that was paused runs again, or ends."""
        if self._paused.pop(number, None) is not None:
            self.n_ended -= 1

    def ended(self, number: int) -> None:
        """A trial is over, its values are told."""
        self._live.discard(number)
        self._shown.append(number)
        self.n_ended += 1
        if self._most and len(self._shown) > self._most * (1 + SLACK):
            self._shown = self._kept(self._shown)

    def shown(self, but: int) -> list[int]:
        """Numbers of the trials that are shown, but for one."""
        return sorted(number for number in chain(self._shown, self._live) if number != but)

    @property
    def n_trials(self) -> int:
        """All of the only study's, whatever their state."""
        return sum(len(study.trials) for study in self._studies.values())

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """The trials that are shown, in the order of their numbers."""
        if states == (TrialState.WAITING,) or not (self._most or self._paused):
            return super().get_all_trials(study_id, deepcopy, states)
        everyone = self._studies[study_id].trials
        numbers = sorted(chain(self._shown, self._live))
        trials = [self._paused.get(number, everyone[number]) for number in numbers]
        found = [trial for trial in trials if states is None or trial.state in states]
        return copy.deepcopy(found) if deepcopy else found

    def _kept(self, numbers: Sequence[int]) -> list[int]:
        """`most` of them, in their order: the best, and every so-manieth of the others."""
        best = set(self._best(numbers, round(self._most * BEST)))
        others = [number for number in numbers if number not in best]
        places = np.linspace(0, len(others) - 1, self._most - len(best)).round().astype(int)
        return sorted(best | {others[place] for place in places}, key=numbers.index)

    def _best(self, numbers: Sequence[int], count: int) -> list[int]:
        """Of those trained in full the least outside the constraints, front after front, the newest first."""
        (study,) = self._studies.values()
        complete = [n for n in numbers if study.trials[n].state is TrialState.COMPLETE]
        losses = {n: self._signs * study.trials[n].values for n in complete}
        violations = {n: sum(max(0.0, v) for v in study.trials[n].constraints.values()) for n in complete}
        found: list[int] = []
        for violation in sorted(set(violations.values())):
            alike = [n for n in complete if violations[n] == violation]
            while alike and len(found) < count:
                points = np.array([losses[n] for n in alike])
                no_worse = (points[:, None] <= points[None]).all(-1)
                better = (points[:, None] < points[None]).any(-1)
                beaten = {alike[at] for at in np.flatnonzero((no_worse & better).any(0))}
                found += [n for n in reversed(alike) if n not in beaten]
                alike = [n for n in alike if n in beaten]
        return found[:count]

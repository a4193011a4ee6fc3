"""How long variations on one classifier are worth going on with: until some in a row brought nothing."""

from __future__ import annotations

from search.ledger.history import History
from search.ranking.fronts import Losses, dominates
from search.ranking.pareto import losses_of
from search.stages.prefix import Prefix
from search.stages.spending import Spending
from search.study.study import Study

PATIENCE = 3
"""Trials in a row on one classifier, none of which came into the front, that end its bout."""


class Bouts:
    """Follows a history; `update` takes in what is new."""

    def __init__(self, study: Study, history: History, spending: Spending) -> None:
        self._study, self._history, self._spending = study, history, spending
        self._read = 0
        self._front: list[Losses] = []
        self._in_vain: dict[Prefix, int] = {}

    def update(self) -> None:
        """Take in the trials that ended since."""
        order = self._history.order
        for change, number in order[self._read :]:
            if change == "ended":
                prefix = self._spending.prefixes[number]
                self._in_vain[prefix] = 0 if self._came_in(number) else self._in_vain.get(prefix, 0) + 1
        self._read = len(order)

    def is_over(self, prefix: Prefix) -> bool:
        """Whether nothing is to be hoped for from further trials on a classifier."""
        return self._in_vain.get(prefix, 0) >= PATIENCE

    def _came_in(self, number: int) -> bool:
        losses = losses_of(self._study, self._history.trials[number])
        if losses is None or any(dominates(other, losses) or other == losses for other in self._front):
            return False
        self._front = [other for other in self._front if not dominates(losses, other)] + [losses]
        return True

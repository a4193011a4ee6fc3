"""Draws worth a thought: some at random, some near the best, and many on classifiers that are there."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from search.ledger.history import TrialRecord
from search.scheduling.distributions import at_quantile, distributions
from search.stages.prefix import OWN, prefix_params
from search.study.domains import Scalar
from search.study.study import Study

AT_RANDOM = 60
NEAR_EACH = 8
CLASSIFIERS = 24
ON_EACH = 12


class Candidates:
    """Made for one proposal; `chance` decides all draws."""

    def __init__(self, study: Study, chance: random.Random) -> None:
        self._study, self._chance = study, chance
        self._distributions = distributions(study)

    def drawn(self, wish: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """A draw that takes what is wished for wherever it is active, and the rest at random."""
        params: dict[str, Scalar] = {}
        for parameter in self._study.parameters:
            if not self._study.is_active(parameter, params):
                continue
            if parameter.has_switch:
                self._take(parameter.switch_path, wish, params)
                if not params[parameter.switch_path]:
                    continue
            self._take(parameter.path, wish, params)
        return params

    def near(self, draw: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """The same with one or two values drawn anew."""
        names = sorted(draw)
        gone = set(self._chance.sample(names, min(len(names), self._chance.choice((1, 1, 2)))))
        return self.drawn({name: value for name, value in draw.items() if name not in gone})

    def all(self, best: Sequence[TrialRecord], there: Sequence[TrialRecord]) -> list[dict[str, Scalar]]:
        """best: trials to search near; there: one of each classifier that is trained."""
        found = [self.drawn({}) for _ in range(AT_RANDOM)]
        found += [self.near(record.params) for record in best for _ in range(NEAR_EACH)]
        for record in there[:CLASSIFIERS]:
            prefix = prefix_params(self._study, record.params)
            for i in range(ON_EACH):
                tail = self._tail(self._chance.choice(best).params) if best and i % 2 else {}
                found.append(self.drawn({**(tail if i % 4 == 1 else self._thinned(tail)), **prefix}))
        return found

    def _tail(self, draw: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """What comes after the classifier."""
        return {name: value for name, value in draw.items() if name.partition(".")[0] in OWN}

    def _thinned(self, draw: dict[str, Scalar]) -> dict[str, Scalar]:
        """Without one of its values."""
        gone = self._chance.choice(sorted(draw)) if draw else None
        return {name: value for name, value in draw.items() if name != gone}

    def _take(self, name: str, wish: Mapping[str, Scalar], params: dict[str, Scalar]) -> None:
        u = self._chance.random()  # drawn in any case, so that a wish leaves other draws as they are
        params[name] = wish[name] if name in wish else at_quantile(self._distributions[name], u)

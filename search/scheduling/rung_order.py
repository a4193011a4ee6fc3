"""The trials of a rung, best first: those less far outside the constraints, then front after front."""

from __future__ import annotations

from dataclasses import dataclass

from search.ranking.fronts import Fronts, Losses
from search.ranking.ties import TIES

KEEP = "keep"


@dataclass(frozen=True)
class Standing:
    """Where a trial is at a rung: total constraint violation, and losses (smaller is better)."""

    violation: float
    losses: tuple[float, ...]


class RungOrder:
    """Each trial counts once, with its first standing."""

    def __init__(self) -> None:
        self.trials: dict[int, Standing] = {}
        self._fronts: dict[float, Fronts] = {}
        self._at: dict[Standing, list[int]] = {}

    def __len__(self) -> int:
        return len(self.trials)

    def add(self, trial: int, standing: Standing) -> None:
        """Take a trial in."""
        if trial in self.trials:
            return
        self.trials[trial] = standing
        self._at.setdefault(standing, []).append(trial)
        self._fronts.setdefault(standing.violation, Fronts()).add(standing.losses)

    def best(self, count: int, ties: str) -> list[int]:
        """The `count` best. Where a front has too few places left, `ties` says who gets them: crowding or
        epsilon_net, or keep, by which all of the front are among the best."""
        found: list[int] = []
        for violation, fronts in sorted(self._fronts.items()):
            for front in fronts.in_order():
                if len(found) >= count:
                    return found
                chosen = self._in_order(violation, front, ties)
                found += chosen if ties == KEEP else chosen[: count - len(found)]
        return found

    def _in_order(self, violation: float, front: list[Losses], ties: str) -> list[int]:
        points = sorted(set(front))
        order = TIES[ties](points) if ties != KEEP else range(len(points))
        return [trial for i in order for trial in sorted(self._at[Standing(violation, points[i])])]

"""What is done to one simulated search: drawn from a seed, or what shrinking left of it."""

from __future__ import annotations

import random
from dataclasses import dataclass

CRASHES = ("kill", "kill", "power", "power", "power", "full disk", "error", "signal", "worker")
DEATHS = ("died", "memory", "frozen", "diverged")


@dataclass(frozen=True)
class Crash:
    """In one session, ahead of its change number `at` to the disk.

    kill: of everything; power: is cut; full disk: from there on; error: this once; signal: SIGTERM; worker:
    only the worker whose change it is, nothing else if it is the driver's.
    """

    session: int
    at: int
    kind: str
    seed: int


@dataclass(frozen=True)
class Death:
    """What becomes of a worker in one session's step of this number."""

    session: int
    step: int
    kind: str


@dataclass(frozen=True)
class Plan:
    """One schedule."""

    seed: int
    workers: int
    trials: int
    crashes: tuple[Crash, ...] = ()
    deaths: tuple[Death, ...] = ()

    @property
    def sessions(self) -> int:
        """The first session that nothing happens in."""
        return 1 + max((strike.session for strike in (*self.crashes, *self.deaths)), default=-1)


def drawn(seed: int) -> Plan:
    """The plan of a seed. Half have one worker and no deaths, and must end like an undisturbed run."""
    chance = random.Random(seed)
    alone = chance.random() < 0.5
    sessions = chance.randint(1, 5)
    crashes = tuple(
        Crash(session, int(10 ** chance.uniform(0, 2.6)), chance.choice(CRASHES), chance.randrange(2**30))
        for session in range(sessions)
    )
    deaths = (
        ()
        if alone
        else tuple(
            Death(chance.randrange(sessions), chance.randrange(20), chance.choice(DEATHS))
            for _ in range(chance.randint(0, 3))
        )
    )
    return Plan(seed, 1 if alone else chance.randint(2, 4), chance.randint(2, 6), crashes, deaths)

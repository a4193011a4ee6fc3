"""What is done to one simulated search: drawn from a seed, or what shrinking left of it."""

from __future__ import annotations

import random
from dataclasses import dataclass

CRASHES = ("kill", "kill", "power", "power", "power", "full disk", "error", "signal", "worker")
MIRRORED, SHARED = 0.02, 0.3
"""Shares of the schedules."""
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
class Outage:
    """In one session the storage answers to none of `length` operations from number `first` on."""

    session: int
    first: int
    length: int


@dataclass(frozen=True)
class Usurper:
    """In one session another driver takes the run over, ahead of the flush of this number."""

    session: int
    flush: int


@dataclass(frozen=True)
class LostDisk:
    """After one session, if its driver was killed, nothing is left but what is on the storage."""

    session: int


@dataclass(frozen=True)
class Plan:
    """One schedule."""

    seed: int
    workers: int
    trials: int
    crashes: tuple[Crash, ...] = ()
    deaths: tuple[Death, ...] = ()
    has_mirror: bool = False
    """Whether there is a study.db; opening one takes as long as ten schedules."""
    is_shared: bool = False
    """Whether the run goes to shared storage, and half of the attempts to another node."""
    troubles: tuple[Outage | Usurper | LostDisk, ...] = ()
    """With the storage."""
    scheduler: str = "asha"

    @property
    def sessions(self) -> int:
        """The first session that nothing happens in."""
        strikes = (*self.crashes, *self.deaths, *self.troubles)
        return 1 + max((strike.session for strike in strikes), default=-1)


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
    workers, trials = 1 if alone else chance.randint(2, 4), chance.randint(2, 6)
    has_mirror = chance.random() < MIRRORED
    is_shared = chance.random() < SHARED
    troubles = _troubles(chance, sessions) if is_shared else ()
    return Plan(seed, workers, trials, crashes, deaths, has_mirror, is_shared, troubles)


def _troubles(chance: random.Random, sessions: int) -> tuple[Outage | Usurper | LostDisk, ...]:
    """At most one usurper: who is robbed goes on from the storage."""
    found: list[Outage | Usurper | LostDisk] = []
    for session in range(sessions):
        kind = chance.randrange(4)
        if kind == 0:
            found.append(Outage(session, chance.randint(1, 60), chance.randint(1, 80)))
        elif kind == 1:
            found.append(LostDisk(session))
        elif kind == 2 and not any(isinstance(trouble, Usurper) for trouble in found):
            found.append(Usurper(session, chance.randrange(4)))
    return tuple(found)

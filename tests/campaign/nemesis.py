"""What is done to a driver and its Ray while they run, one function a fault; it says whether it was done."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

DAY_S = 86_400
THRESHOLD = "RAY_memory_usage_threshold"
SPARE_BYTES = 500_000_000
BALLOON_S = 8.0
_BALLOON = "import sys, time; taken = b'x' * int(sys.argv[1]); time.sleep(float(sys.argv[2]))"
_WORKERS = ("TrialActor", "ResourceTrainable")


@dataclass(frozen=True)
class Victim:
    """A driver, and the places that belong to it."""

    driver: subprocess.Popen[str]
    run: Path
    clock: Path
    """What `clock/sitecustomize.py` adds to the time."""

    def processes(self, *names: str) -> list[psutil.Process]:
        """The driver's descendants whose process or command is called so."""
        found = []
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(self.driver.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error, IndexError):
                    called = (process.name(), process.cmdline()[0])
                    if any(name in word for name in names for word in called):
                        found.append(process)
        return found


Fault = Callable[[Victim, random.Random], bool]


def _send(number: int) -> Fault:
    def send(victim: Victim, _: random.Random) -> bool:
        victim.driver.send_signal(number)
        return True

    return send


def _twice(victim: Victim, chance: random.Random) -> bool:
    victim.driver.send_signal(signal.SIGINT)
    time.sleep(chance.uniform(0, 0.5))
    victim.driver.send_signal(signal.SIGINT)
    return True


def _stop_and_go_on(victim: Victim, chance: random.Random) -> bool:
    victim.driver.send_signal(signal.SIGSTOP)
    time.sleep(chance.uniform(1, 5))
    victim.driver.send_signal(signal.SIGCONT)
    return True


def _strike(number: int, *names: str) -> Fault:
    """Send a signal to one of the driver's descendants; not done where there is none."""

    def strike(victim: Victim, chance: random.Random) -> bool:
        found = victim.processes(*names)
        if found:
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                os.kill(chance.choice(found).pid, number)
                return True
        return False

    return strike


def _fill_disk(victim: Victim, chance: random.Random) -> bool:
    """From now on the driver can make no file longer than the ledger is, or will be in a moment."""
    ledger = victim.run / "trials.jsonl"
    room = (ledger.stat().st_size if ledger.exists() else 0) + chance.randrange(5_000)
    _, hard = resource.prlimit(victim.driver.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(victim.driver.pid, resource.RLIMIT_FSIZE, (room, hard))
    return True


def _jump(victim: Victim, chance: random.Random) -> bool:
    """Half an hour to two days, forwards or back; one write, so that nobody reads half a number."""
    victim.clock.write_text(f"{chance.choice((-1, 1)) * chance.uniform(0.02, 2) * DAY_S:.3f}")
    return True


def _inflate(_: Victim, __: random.Random) -> bool:
    """Take more memory than Ray was told that there is, for some seconds; not done where it was told none."""
    told = os.environ.get(THRESHOLD)
    if told is None:
        return False
    memory = psutil.virtual_memory()
    size = int(float(told) * memory.total - (memory.total - memory.available) + SPARE_BYTES)
    subprocess.run((sys.executable, "-c", _BALLOON, str(max(size, 0)), str(BALLOON_S)), check=False)
    return True


FAULTS: dict[str, Fault] = {
    "kill -9": _send(signal.SIGKILL),
    "TERM": _send(signal.SIGTERM),
    "INT": _send(signal.SIGINT),
    "INT twice": _twice,
    "HUP": _send(signal.SIGHUP),
    "PIPE": _send(signal.SIGPIPE),
    "STOP and CONT": _stop_and_go_on,
    "worker": _strike(signal.SIGKILL, *_WORKERS),
    "frozen worker": _strike(signal.SIGSTOP, *_WORKERS),
    "agent": _strike(signal.SIGKILL, "RuntimeEnvAgent", "DashboardAgent"),
    "raylet": _strike(signal.SIGKILL, "raylet"),
    "head": _strike(signal.SIGKILL, "gcs_server"),
    "full disk": _fill_disk,
    "clock jump": _jump,
    "memory balloon": _inflate,
}
WEIGHTS = {
    name: 4 if name == "kill -9" else 1 if name in ("frozen worker", "memory balloon") else 2
    for name in FAULTS
}
"""Deaths of the driver are what all began with; two faults cost a minute or others' memory."""
KILLS = frozenset(FAULTS) - {"PIPE", "STOP and CONT", "clock jump", "full disk", "frozen worker"}
"""Faults that end a process."""
LEAVES_NO_WORD = {"kill -9", "INT twice"}
"""After these nobody can be asked for a last word."""


def draw(chance: random.Random) -> str:
    """The name of a fault."""
    return chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]

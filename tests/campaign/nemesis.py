"""What is done to a driver and its Ray, one function a fault; each says what it did."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable

import psutil

Driver = subprocess.Popen[str]
Fault = Callable[[Driver, random.Random], None]


def _send(number: int) -> Fault:
    def send(driver: Driver, _: random.Random) -> None:
        driver.send_signal(number)

    return send


def _twice(driver: Driver, chance: random.Random) -> None:
    driver.send_signal(signal.SIGINT)
    time.sleep(chance.uniform(0, 0.5))
    driver.send_signal(signal.SIGINT)


def _stop_and_go_on(driver: Driver, chance: random.Random) -> None:
    driver.send_signal(signal.SIGSTOP)
    time.sleep(chance.uniform(1, 5))
    driver.send_signal(signal.SIGCONT)


def _kill_one(*names: str) -> Fault:
    """kill -9 of one of the driver's descendants whose process or command is called so."""

    def kill(driver: Driver, chance: random.Random) -> None:
        found = []
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(driver.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error, IndexError):
                    called = (process.name(), process.cmdline()[0])
                    if any(name in word for name in names for word in called):
                        found.append(process)
        if found:
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                os.kill(chance.choice(found).pid, signal.SIGKILL)

    return kill


FAULTS: dict[str, Fault] = {
    "kill -9": _send(signal.SIGKILL),
    "TERM": _send(signal.SIGTERM),
    "INT": _send(signal.SIGINT),
    "INT twice": _twice,
    "HUP": _send(signal.SIGHUP),
    "STOP and CONT": _stop_and_go_on,
    "worker": _kill_one("TrialActor", "ResourceTrainable"),
    "agent": _kill_one("RuntimeEnvAgent", "DashboardAgent"),
    "raylet": _kill_one("raylet"),
    "head": _kill_one("gcs_server"),
}
LEAVES_NO_WORD = {"kill -9", "INT twice"}
"""After these nobody can be asked for a last word."""

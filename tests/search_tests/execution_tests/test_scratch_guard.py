"""What a killed driver leaves behind is cleared by the guard that outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from search.execution.ray_scratch import guarded, processes_of

DRIVER = """
import os, subprocess, sys, time
from pathlib import Path
from search.execution.ray_scratch import guarded
scratch = Path(sys.argv[1])
sleep = [sys.executable, "-c", "import time; time.sleep(1000)"]
with guarded(scratch, 'go on with: resume it'):
    told = subprocess.Popen([*sleep, f"{scratch}/socket"])
    inherits = subprocess.Popen(sleep, env={**os.environ, "RAY_AUTH_TOKEN_PATH": f"{scratch}/token"})
    log = open(scratch / "log", "w")
    writes = subprocess.Popen(sleep, stdout=log)
    log.close()
    stranger = subprocess.Popen([*sleep, f"{scratch}-of-somebody-else/socket"])
    print(told.pid, inherits.pid, writes.pid, stranger.pid, flush=True)
    time.sleep(1000)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_after_a_driver_is_killed_its_processes_and_scratch_go(tmp_path: Path, how: signal.Signals) -> None:
    scratch = tmp_path / "scratch"
    (scratch / "storage").mkdir(parents=True)
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(scratch)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as driver:
        assert driver.stdout is not None
        pids = [int(pid) for pid in driver.stdout.readline().split()]
        (guard,) = (p for p in psutil.Process(driver.pid).children() if str(scratch) in p.cmdline())
        told, inherits, writes, stranger = (psutil.Process(pid) for pid in pids)
        os.kill(driver.pid, how)
        assert driver.stderr is not None
        assert driver.stderr.readline() == "go on with: resume it\n"
        driver.wait()
        _, alive = psutil.wait_procs([told, inherits, writes, guard], timeout=60)
        assert alive == []
        assert not scratch.exists()
        assert stranger.is_running()
        stranger.kill()


def test_a_driver_that_ends_well_ends_its_guard_and_keeps_what_it_has(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with guarded(scratch):
        children = psutil.Process().children()
        assert any(str(scratch) in child.cmdline() for child in children)
        assert processes_of(scratch) == []
    assert scratch.exists()
    assert not any(str(scratch) in child.cmdline() for child in psutil.Process().children())

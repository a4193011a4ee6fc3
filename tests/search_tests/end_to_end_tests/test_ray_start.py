"""Ray that does not come up: tried again where that helps, else one sentence, exit code 5, how to go on."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.search_tests.end_to_end_tests.test_run import TINY, begun, history_of


def strike(driver: subprocess.Popen[str], daemon: str, number: int) -> None:
    """Send a signal to the driver's first `daemon`, as soon as it is there."""
    until = time.monotonic() + 120
    while time.monotonic() < until and driver.poll() is None:
        for process in psutil.Process(driver.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.name() == daemon:
                    os.kill(process.pid, number)
                    return
        time.sleep(0.01)
    raise AssertionError(f"no {daemon} came")


@pytest.mark.slow
@pytest.mark.parametrize(("daemon", "number"), [("raylet", signal.SIGKILL), ("gcs_server", signal.SIGKILL)])
def test_a_daemon_that_dies_at_its_first_breath_is_started_again(
    tmp_path: Path, daemon: str, number: int
) -> None:
    with begun(TINY, "--name", "x", "--trials", "2", cache=tmp_path / "cache") as driver:
        strike(driver, daemon, number)
        _, said = driver.communicate(timeout=400)
    assert driver.returncode in (0, 5), said
    assert "Traceback" not in said
    if driver.returncode == 0:
        assert "Ray did not start, trying again" in said
        assert history_of(tmp_path / "runs" / "x").finished == 2
        return
    # The head died after Ray had begun to wait for it, which nothing can interrupt.
    assert f"Ray was lost: its {daemon} died" in said
    assert "--resume" in said
    info = json.loads((tmp_path / "runs" / "x" / "run.json").read_text())
    assert (info["status"], info["exit_code"]) == ("failed", 5)

"""What happens to log lines for which there is no room."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from search.run_dir.driver_log import driver_log


def test_a_full_disk_takes_the_lines_and_shows_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with driver_log(Path("/dev/full")):
        for _ in range(2000):  # more than a buffer, and something left in it at the end
            logging.getLogger("ray").error("lost")
    assert capsys.readouterr().err == ""

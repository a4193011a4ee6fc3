"""status.py on a run that another process is writing at that moment."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from analysis.watch.watched_run import WatchedRun
from tests.analysis_tests.runs import copied
from tests.analysis_tests.status_output import document, told
from tests.search_tests.histories import typical_run

ROOT = Path(__file__).parents[3]
WRITER = """
import os, platform, sys
from pathlib import Path
from search.ledger.ledger import encode
from search.run_dir.run_directory import RunDirectory
directory = RunDirectory(Path(sys.argv[1]))
content = directory.ledger.read_bytes().split(b"\\n", 1)[1]
directory.acquire()
directory.write_info(status="running")
who = {"host": platform.node(), "pid": os.getpid()}
content = encode({"event": "session", **who, "target": 12, "time": 1780000001.0}) + content
half = len(content) // 2
with directory.ledger.open("wb", buffering=0) as ledger:
    ledger.write(content[:half])
    print("half", flush=True)
    for word in sys.stdin:
        ledger.write(content[half:])
        half = len(content)
        print("written", flush=True)
        if word == "end\\n":
            break
directory.write_info(status="done")
"""


@dataclass
class Writer:
    """A driver in another process that has written half of a run, down to half of a line."""

    run: Path
    process: subprocess.Popen[str]

    def tell(self, word: str) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        self.process.stdout.readline()


@pytest.fixture
def writer(unfinished_run: Path, tmp_path: Path) -> Iterator[Writer]:
    run = copied(unfinished_run, tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(run)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "half\n"
    yield Writer(run, process)
    process.kill()
    process.stdin.close()
    process.stdout.close()
    process.wait()


def test_a_run_that_is_being_written(writer: Writer, capsys: pytest.CaptureFixture[str]) -> None:
    watched = WatchedRun(writer.run)
    watched.look()
    assert watched.where.state == "running"
    assert watched.damage == []  # half a line is no damage while somebody writes it
    first = len(watched.history.trials)
    assert 0 < first < 10
    watched.look()
    assert len(watched.history.trials) == first
    writer.tell("more")
    watched.look()
    assert len(watched.history.trials) == 10
    assert watched.history.trials.keys() == typical_run().history.trials.keys()
    assert watched.tally is not None
    assert (watched.tally.finished, len(watched.tally.running)) == (9, 1)
    shown = told(capsys, str(writer.run))
    assert f"running, by process {writer.process.pid}" in shown
    assert "4 complete  2 pruned  3 failed  1 running" in shown
    assert document(capsys, str(writer.run))["owner"]["alive"] is True
    writer.tell("end")
    writer.process.wait()
    watched.look()
    assert watched.where.state == "done"


def test_a_driver_that_was_killed(writer: Writer, capsys: pytest.CaptureFixture[str]) -> None:
    writer.process.kill()
    writer.process.wait()
    shown = told(capsys, str(writer.run))
    assert f"broken off: process {writer.process.pid} is gone" in shown
    assert f"search/run.py --resume {writer.run}" in " ".join(shown.split())
    assert "the last line is torn" in shown


def test_watching_ends_with_the_run(writer: Writer, capsys: pytest.CaptureFixture[str]) -> None:
    writer.tell("end")
    shown = told(capsys, str(writer.run), "--watch")
    assert shown.rstrip().splitlines()[-1].endswith("on disk")


def test_ctrl_c_leaves_the_redrawn_table_quietly(writer: Writer) -> None:
    terminal, inside = pty.openpty()
    watching = subprocess.Popen(
        [sys.executable, str(ROOT / "analysis" / "status.py"), str(writer.run), "--watch"],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        env={**{k: v for k, v in os.environ.items() if k not in ("CI", "NO_COLOR")}, "TERM": "xterm"},
        # Tests that run in the background of a shell have it ignored, and hand that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    os.close(inside)
    seen = b""
    while b"on disk" not in seen:
        seen += os.read(terminal, 10_000)
    watching.send_signal(signal.SIGINT)
    assert watching.wait() == 0
    os.set_blocking(terminal, False)
    try:
        while chunk := os.read(terminal, 10_000):
            seen += chunk
    except OSError:  # Linux' end of a terminal
        pass
    os.close(terminal)
    assert b"running, by process" in seen
    assert b"Traceback" not in seen
    assert seen.rstrip().endswith(b"\x1b[?25h")  # the cursor is back

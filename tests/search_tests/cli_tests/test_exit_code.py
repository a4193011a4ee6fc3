"""How scripts end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from search.cli.exit_code import exit_code_of
from search.errors import DiskError, ExitCode


def raiser(error: BaseException) -> None:
    raise error


def test_codes_and_one_line_of_what_can_be_mended(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(lambda: None) == 0
    assert exit_code_of(lambda: raiser(DiskError("the disk is full"))) == ExitCode.DISK
    assert exit_code_of(lambda: raiser(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "error: the disk is full\n"
    with pytest.raises(ZeroDivisionError):
        exit_code_of(lambda: raiser(ZeroDivisionError()))


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    work = "lambda: sys.stdout.write('line\\n' * 100_000) and None"
    code = f"import sys; from search.cli.exit_code import exit_code_of; sys.exit(exit_code_of({work}))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline() == b"line\n"
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 0


PRINTS = """
import sys
from search.cli.exit_code import exit_code_of
def work():
    for _ in range(int(sys.argv[1])):
        print("Größe → ℝ?")
sys.exit(exit_code_of(work))
"""


@pytest.mark.parametrize("lines", [1, 10_000])
def test_a_full_disk_on_stdout_is_a_disk_error(lines: int) -> None:
    """One line fails when it is flushed at the end, many while they are printed."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", PRINTS, str(lines)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == ExitCode.DISK
    assert done.stderr.splitlines() == [
        "error: the output: cannot write: No space left on device. What was written before is whole."
    ]


def test_letters_that_a_terminal_lacks_are_replaced() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-c", PRINTS, "1"], capture_output=True, text=True, env=environment, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "Gr??e ? ??\n", "")

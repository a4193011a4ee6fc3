"""How scripts end."""

from __future__ import annotations

import subprocess
import sys

import pytest

from analysis.cli.exit_code import exit_code_of
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
    code = f"import sys; from analysis.cli.exit_code import exit_code_of; sys.exit(exit_code_of({work}))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline() == b"line\n"
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 0

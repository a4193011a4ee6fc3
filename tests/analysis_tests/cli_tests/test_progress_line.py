"""Progress on a terminal, in a file, and none for what is quick."""

from __future__ import annotations

import io

from analysis.cli.progress_line import ProgressLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_quick_commands_stay_quiet_and_files_get_a_line_a_step() -> None:
    stream = io.StringIO()
    with ProgressLine(stream, patience=1000) as progress:
        progress.say("reading")
    assert stream.getvalue() == ""
    with ProgressLine(stream, patience=0) as progress:
        progress.say("reading")
        progress.say("drawing")
    assert stream.getvalue() == "reading (0 s so far)\ndrawing (0 s so far)\n"


def test_a_terminal_gets_one_line_that_is_gone_at_the_end() -> None:
    stream = Terminal()
    with ProgressLine(stream, patience=1000) as progress:
        progress.say("reading")
    assert stream.getvalue() == "\r\x1b[Kreading (0 s so far)\r\x1b[K"

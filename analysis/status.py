"""python analysis/status.py [RUN]: what a run is doing, told from outside, also while it runs."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

from search.cli.exit_code import exit_code_of
from search.cli.parser import parser_of

EXAMPLES = """\
examples:
  python analysis/status.py                          all runs in runs/, the newest first
  python analysis/status.py runs/sae-20260101-120000
  python analysis/status.py sae-20260101-120000      the same: a name is looked for in --runs
  python analysis/status.py sae-20260101-120000 --watch
  python analysis/status.py s3://bucket/runs/sae-20260101-120000    one that --storage shares
  python analysis/status.py --json | jq '.[] | select(.state == "running") | .eta_s'

Only files are read: the run is neither disturbed nor locked, and may be on a read-only disk. A run that
is `broken off` was killed; `python search/run.py --resume RUN` goes on with it.

exit codes: 0 done   2 usage   6 no run
"""


def main(arguments: list[str] | None = None) -> int:
    """Tell; exit code as `search.errors` has it."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may lack a question's characters
    return exit_code_of(lambda: _show(options))


def _show(options: argparse.Namespace) -> None:
    from analysis.watch.showing import show  # slow to import; --help needs none of it

    show(options)


def _parser() -> argparse.ArgumentParser:
    parser = parser_of(
        "analysis/status.py", "What a run is doing, told from another terminal, also while it runs.", EXAMPLES
    )
    parser.add_argument(
        "run",
        nargs="?",
        metavar="RUN",
        help="run directory, the name of one in --runs, or a run on shared storage; left out: all",
    )
    parser.add_argument(
        "--runs",
        type=Path,
        default=Path("runs"),
        metavar="DIR",
        help="where run directories are (default: runs)",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--watch", action="store_true", help="redraw until the run has ended; Ctrl-C leaves")
    how.add_argument("--json", action="store_true", help="one JSON document; an array of them without RUN")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())

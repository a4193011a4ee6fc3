"""One page about a run: what was asked, what came out, what each direction does, and how sure that is.

    python analysis/report.py RUN

Writes one page that opens offline, and the same as Markdown, into RUN/report/.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.cli.progress_line import ProgressLine
from analysis.reading.table_formats import FORMATS
from search.cli.exit_code import exit_code_of
from search.cli.parser import add_out, add_run, parser_of
from search.errors import SpaceError

if TYPE_CHECKING:
    from analysis.load import Run

EXAMPLES = """\
examples:
  python analysis/report.py runs/NAME                    runs/NAME/report/index.html and report.md
  python analysis/report.py runs/NAME --out DIR          the same in another folder
  python analysis/report.py runs/NAME --format csv       the table of all trials, to stdout
  python analysis/report.py runs/NAME --format parquet --out trials.parquet

The page holds everything inside itself: it opens by a double click, without a network, and can be sent as
it is. report.md tells the same with its pictures in pictures/ beside it. RUN may be unfinished or damaged;
only its files are read. The paths written go to stdout.

exit codes: 0 done   2 usage   6 no run   8 disk
"""


def main(arguments: list[str] | None = None) -> int:
    """Write the report or the table; exit code as `search.errors` has it."""
    options = _parser().parse_args(arguments)
    return exit_code_of(lambda: _write(options))


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("analysis/report.py", __doc__ or "", EXAMPLES)
    add_run(parser)
    parser.add_argument(
        "--format",
        choices=("html", *FORMATS),
        default="html",
        help="the page, or the table of trials (default: html)",
    )
    add_out(parser, "where to write (default: RUN/report); for a table a file or folder (default: stdout)")
    return parser


def _write(options: argparse.Namespace) -> None:
    from analysis.load import load_run  # slow to import; --help needs none of it

    run = load_run(options.run)
    if options.format == "html":
        _write_report(run, options.run, options.out or run.path / "report")
    else:
        _write_table(run, options.format, options.out)


def _write_report(run: Run, typed: Path, out: Path) -> None:
    # Drawing and statistics are slow to import, and a table needs none of them.
    from analysis.report_parts.writing import write_report

    with ProgressLine() as progress:
        written = write_report(run, str(typed), out, progress.say)
    sys.stdout.write("".join(f"{path}\n" for path in written))


def _write_table(run: Run, chosen: str, out: Path | None) -> None:
    if chosen == "parquet" and out is None and sys.stdout.isatty():
        raise SpaceError("--format parquet is not text: name a file with --out, or pipe it")
    from analysis.reading.trial_table import write_table

    form = next(known for known in FORMATS if known == chosen)
    if out is not None and out.is_dir():
        out = out / f"trials.{form}"
    write_table(run.trials(), out, form)
    if out is not None:
        sys.stdout.write(f"{out}\n")


if __name__ == "__main__":
    raise SystemExit(main())

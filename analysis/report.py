"""One page about a run: what was asked, what came out, what each direction does, and how sure that is.

    python analysis/report.py RUN                     RUN/report/index.html and RUN/report/report.md
    python analysis/report.py RUN --out DIR           the same in another folder
    python analysis/report.py RUN --format csv        the table of all trials, to stdout
    python analysis/report.py RUN --format parquet --out trials.parquet

The page holds everything inside itself: it opens by a double click, without a network, and can be sent as
it is. report.md tells the same with its pictures in report/pictures. RUN may be unfinished or damaged; only
its files are read.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from analysis.load import Run, load_run
from analysis.progress_line import ProgressLine
from analysis.trial_table import FORMATS, write_table
from search.errors import SearchError, SpaceError
from search.report_error import report as report_error


def main(arguments: list[str] | None = None) -> int:
    """Write the report or the table; exit code as `search.errors` has it."""
    options = _parser().parse_args(arguments)
    try:
        run = load_run(options.run)
        if options.format == "html":
            written = _write_report(run, options.run, options.out or run.path / "report")
            sys.stdout.write("".join(f"{path}\n" for path in written))
        else:
            _write_table(run, options.format, options.out)
    except SearchError as error:
        return report_error(error)
    except BrokenPipeError:
        # The reader has seen enough; nothing more is to be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    about, _, examples = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        prog="python analysis/report.py",
        description=about,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="directory of a run, finished or not")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where to write; a file, or stdout, for a table [RUN/report]"
    )
    parser.add_argument(
        "--format", choices=("html", *FORMATS), default="html", help="the page, or the table of trials [html]"
    )
    return parser


def _write_report(run: Run, typed: Path, out: Path) -> list[Path]:
    # Drawing and statistics are slow to import, and a table needs none of them.
    from analysis.report_parts.writing import write_report

    with ProgressLine() as progress:
        return write_report(run, str(typed), out, progress.say)


def _write_table(run: Run, chosen: str, out: Path | None) -> None:
    if chosen == "parquet" and out is None and sys.stdout.isatty():
        raise SpaceError("--format parquet is not text: name a file with --out, or pipe it")
    form = next(known for known in FORMATS if known == chosen)
    if out is not None and out.is_dir():
        out = out / f"trials.{form}"
    write_table(run.trials(), out, form)
    if out is not None:
        sys.stdout.write(f"{out}\n")


if __name__ == "__main__":
    raise SystemExit(main())

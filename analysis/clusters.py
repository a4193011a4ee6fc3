"""Clusters of a trial's codes: which digits share them, and what splits a digit.

    python analysis/clusters.py RUN

Writes one page that opens offline, into RUN/clusters/.
"""

from __future__ import annotations

import argparse
import sys

from analysis.cli.progress_line import ProgressLine
from analysis.load import load_run
from search.cli.exit_code import exit_code_of
from search.cli.parser import add_out, add_run, add_split, add_trial, parser_of

EXAMPLES = """\
examples:
  python analysis/clusters.py runs/NAME                 the best trial
  python analysis/clusters.py runs/NAME --trial 17
  python analysis/clusters.py runs/NAME --split test    on images that no choice was made by

k-means on the codes of train images, weighted by the lengths of decoder rows. The page shows images of the
split that are nearest to each centre. Inside a class the clusters are those of the trial's own mean codes.

exit codes: 0 done   2 usage or no such trial   4 no best trial   6 no run, or damaged
            7 data missing   8 disk
"""


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("analysis/clusters.py", __doc__ or "", EXAMPLES)
    add_run(parser)
    add_trial(parser)
    add_split(parser)
    add_out(parser, "folder of the page (default: RUN/clusters/ID)")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Write the page and print its path; exit code as `search.errors` has it."""
    options = _parser().parse_args(arguments)
    return exit_code_of(lambda: _write(options))


def _write(options: argparse.Namespace) -> None:
    # Not before: torch comes with it, and --help should not wait.
    from analysis.code_clusters.page import clusters_page

    with ProgressLine() as progress:
        run = load_run(options.run)
        number = run.best_trial().number if options.trial is None else options.trial
        path = clusters_page(run, number, split=options.split, out=options.out, progress=progress.say)
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    raise SystemExit(main())

"""Clusters of a trial's codes: which digits share them, and what splits a digit.

    python analysis/clusters.py RUN

Writes one page that opens offline, into RUN/clusters/.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from analysis.load import load_run
from analysis.progress_line import ProgressLine
from search.errors import SearchError
from search.report_error import report

EXAMPLES = """\
examples:
  python analysis/clusters.py runs/A                    the best trial
  python analysis/clusters.py runs/A --trial 17
  python analysis/clusters.py runs/A --split test       on images that no choice was made by

k-means on the codes of train images, weighted by the lengths of decoder rows. The page shows images of the
split that are nearest to each centre. Inside a class the clusters are those of the trial's own mean codes.

exit codes: 0 done   2 usage   4 no finished trial   6 no run, or damaged   7 data missing   8 disk
"""


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; prints usage and exits with 2 where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python analysis/clusters.py",
        description=(__doc__ or "").splitlines()[0],
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="a run directory")
    parser.add_argument("--trial", type=int, metavar="ID", help="which trial (default: the best)")
    parser.add_argument(
        "--split", choices=["val", "test"], default="val", help="images to show (default: %(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the page (default: RUN/clusters/ID)"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Write the page and print its path; exit code as `search.errors` has it."""
    got = parse(arguments)
    # Not before: torch comes with it, and --help should not wait.
    from analysis.code_clusters.page import clusters_page

    try:
        with ProgressLine() as progress:
            run = load_run(got.run)
            number = run.best_trial().number if got.trial is None else got.trial
            path = clusters_page(run, number, split=got.split, out=got.out, progress=progress.say)
    except SearchError as error:
        return report(error)
    print(path)  # noqa: T201 (the result)
    return 0


if __name__ == "__main__":
    sys.exit(main())

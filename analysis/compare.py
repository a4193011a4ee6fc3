"""Two trials side by side: settings that differ, scores with their chance levels, latents that match.

    python analysis/compare.py RUN_A RUN_B

Writes one page that opens offline, into RUN_A/compare/.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from analysis.progress_line import ProgressLine
from search.errors import SearchError
from search.report_error import report

EXAMPLES = """\
examples:
  python analysis/compare.py runs/A runs/B              the best trial of each
  python analysis/compare.py runs/A --trials 3 17       two trials of one run
  python analysis/compare.py runs/A:3 runs/B:17         any two
  python analysis/compare.py runs/A:3 runs/A            trial 3 and the best

Latents are matched by the cosine of their decoder rows where both trials share their trained classifier, and
by the correlation of their activations on the same images otherwise; the page says which. Trials on
different images are compared by settings and scores alone.

exit codes: 0 done   2 usage   4 no trial to compare   6 no run, or damaged   7 data missing   8 disk
"""


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; prints usage and exits with 2 where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python analysis/compare.py",
        description=(__doc__ or "").splitlines()[0],
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "runs", nargs="+", metavar="RUN[:TRIAL]", help="run directories; without TRIAL the best"
    )
    parser.add_argument("--trials", nargs=2, type=int, metavar=("A", "B"), help="two trials of one run")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the page (default: RUN_A/compare/A-B)"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Write the page and print its path; exit code as `search.errors` has it."""
    got = parse(arguments)
    # Not before: torch comes with it, and --help should not wait.
    from analysis.comparison.page import compare_page
    from analysis.comparison.sides import two_sides

    try:
        with ProgressLine() as progress:
            path = compare_page(*two_sides(got.runs, got.trials), out=got.out, progress=progress.say)
    except SearchError as error:
        return report(error)
    print(path)  # noqa: T201 (the result)
    return 0


if __name__ == "__main__":
    sys.exit(main())

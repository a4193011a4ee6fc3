"""Two trials side by side: settings that differ, scores with their chance levels, latents that match.

    python analysis/compare.py RUN_A RUN_B

Writes one page that opens offline, into RUN_A/compare/.
"""

from __future__ import annotations

import argparse
import sys

from analysis.cli.progress_line import ProgressLine
from search.cli.exit_code import exit_code_of
from search.cli.parser import add_out, parser_of

EXAMPLES = """\
examples:
  python analysis/compare.py runs/A                     its default beside its best: before and after
  python analysis/compare.py runs/A runs/B              the best trial of each
  python analysis/compare.py runs/A --trials 3 17       two trials of one run
  python analysis/compare.py runs/A:3 runs/B:17         any two
  python analysis/compare.py runs/A:3 runs/A            trial 3 and the best

Latents are matched by the cosine of their decoder rows where both trials share their trained classifier, and
by the correlation of their activations on the same images otherwise; the page says which. Trials on
different images are compared by settings and scores alone.

exit codes: 0 done   2 usage or no such trial   4 no best trial   6 no run, or damaged
            7 data missing   8 disk
"""


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("analysis/compare.py", __doc__ or "", EXAMPLES)
    parser.add_argument(
        "runs", nargs="+", metavar="RUN[:TRIAL]", help="run directories; without TRIAL the best"
    )
    parser.add_argument("--trials", nargs=2, type=int, metavar=("A", "B"), help="two trials of one run")
    add_out(parser, "folder of the page (default: RUN_A/compare/A-B)")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Write the page and print its path; exit code as `search.errors` has it."""
    options = _parser().parse_args(arguments)
    return exit_code_of(lambda: _write(options))


def _write(options: argparse.Namespace) -> None:
    # Not before: torch comes with it, and --help should not wait.
    from analysis.comparison.page import compare_page
    from analysis.comparison.sides import two_sides

    with ProgressLine() as progress:
        sides = two_sides(options.runs, options.trials)
        path = compare_page(*sides, out=options.out, progress=progress.say)
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    raise SystemExit(main())

"""A blind reader's test: can a person tell where a latent fires, and is that more than chance?

    python analysis/quiz.py RUN

Writes one page that opens offline, and beside it the key, which the page does not hold. Latents of the best
trial, of the default, of dictionaries that nobody trained and of an untrained network come mixed and unnamed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from search.cli.exit_code import exit_code_of
from search.cli.parser import add_out, add_split, parser_of, positive

EXAMPLES = """\
examples:
  python analysis/quiz.py runs/NAME                     the page, into runs/NAME/quiz
  python analysis/quiz.py runs/A runs/B                 latents of both, mixed
  python analysis/quiz.py runs/NAME --questions 24      of each source; 12 take a reader about ten minutes
  python analysis/quiz.py runs/NAME --answers answers-*.json     score what came back

The page saves its answers as a small file. Send the page, not key.json; keep that where it is.

exit codes: 0 done   2 usage, or answers of another quiz   4 no best trial   6 no run, or damaged
            7 data missing   8 disk
"""


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or score answers; exit code as `search.errors` has it."""
    options = _parser().parse_args(arguments)
    return exit_code_of(lambda: _do(options))


def _do(options: argparse.Namespace) -> None:
    if options.answers:
        from analysis.blind_test.scored import print_scores

        print_scores(options.out or options.runs[0] / "quiz", options.answers)
        return
    from analysis.blind_test.command import write_quiz  # slow to import; --help needs none of it

    write_quiz(options)


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("analysis/quiz.py", __doc__ or "", EXAMPLES)
    parser.add_argument(
        "runs", type=Path, nargs="+", metavar="RUN", help="directories of runs, finished or not"
    )
    parser.add_argument(
        "--questions",
        type=positive,
        default=12,
        metavar="N",
        help="latents of each source (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="decides what is drawn; another seed, another quiz (default: 0)"
    )
    parser.add_argument(
        "--answers", type=Path, nargs="+", metavar="FILE", help="score these instead of writing a page"
    )
    add_split(parser)
    add_out(parser, "folder of page and key (default: quiz/ in the first run)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())

"""One image at a time: which latents fire, where each looks, how they add up, and what without one of them.

    python analysis/image.py RUN

Writes one page that opens offline, into RUN/image/. It computes by itself, also for a digit drawn on it.
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
  python analysis/image.py runs/NAME                 the best trial
  python analysis/image.py runs/NAME --trial 17
  python analysis/image.py runs/NAME --split test    with images that no choice was made by

The page holds the trial's weights and three images of each class. A map is the fall of a latent's
pre-activation when a small square of the image is painted black; a bar is what the latent's code adds to a
class' logit. Both are computed in the browser, as is everything for a drawing.

exit codes: 0 done   2 usage, no such trial, or a network that the page cannot compute   4 no best trial
            6 no run, or damaged   7 data missing   8 disk
"""


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("analysis/image.py", __doc__ or "", EXAMPLES)
    add_run(parser)
    add_trial(parser)
    add_split(parser)
    add_out(parser, "folder of the page (default: RUN/image/ID)")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Write the page and print its path; exit code as `search.errors` has it."""
    options = _parser().parse_args(arguments)
    return exit_code_of(lambda: _write(options))


def _write(options: argparse.Namespace) -> None:
    # Not before: torch comes with it, and --help should not wait.
    from analysis.this_image.page import image_page

    with ProgressLine() as progress:
        run = load_run(options.run)
        number = run.best_trial().number if options.trial is None else options.trial
        path = image_page(run, number, split=options.split, out=options.out, progress=progress.say)
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    raise SystemExit(main())

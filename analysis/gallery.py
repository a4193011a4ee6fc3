"""Galleries of a run's best trials: what every latent fires on, where it looks and what it does.

    python analysis/gallery.py RUN

Writes static pages into RUN/gallery/, to be opened by a double click: no server, no network.
"""

from __future__ import annotations

import argparse

from search.cli.exit_code import exit_code_of
from search.cli.parser import add_out, add_run, add_split, parser_of, positive

EXAMPLES = """\
examples:
  python analysis/gallery.py runs/NAME                       the best trial
  python analysis/gallery.py runs/NAME --top 3               the three best
  python analysis/gallery.py runs/NAME --trial 17 20         these
  python analysis/gallery.py runs/NAME --single-file         one file to send, of the 100 strongest latents
  python analysis/gallery.py runs/NAME --split test          on images that no search has seen

RUN/gallery/index.html links the trials; RUN/gallery/NNNN/index.html is a contact sheet of all latents, one
click away from each; contact_sheet.png and class_*.png beside it are for a paper. With --single-file it is
RUN/gallery/NNNN.html alone.

exit codes: 0 done   2 usage or no such trial   4 no trial to show   6 no run, or damaged
            7 data missing   8 disk
"""


def main(arguments: list[str] | None = None) -> int:
    """Write the galleries and print the page to open first; exit code as `search.errors` has it."""
    options = _parser().parse_args(arguments)
    return exit_code_of(lambda: _write(options))


def _write(options: argparse.Namespace) -> None:
    from analysis.gallery_parts.command import write_galleries  # slow to import; --help needs none of it

    write_galleries(options)


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("analysis/gallery.py", __doc__ or "", EXAMPLES)
    add_run(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--trial", type=int, nargs="+", metavar="ID", help="these trials (default: the best)")
    which.add_argument("--top", type=positive, metavar="K", help="the K best trials")
    add_split(parser)
    add_out(parser, "where to write (default: RUN/gallery)")
    parser.add_argument("--single-file", action="store_true", help="one HTML file a trial, to be sent")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())

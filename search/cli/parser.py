"""What the scripts' command lines have in common."""

from __future__ import annotations

import argparse
from pathlib import Path


def parser_of(program: str, description: str, examples: str) -> argparse.ArgumentParser:
    """A parser that shows `examples` as they stand and takes no option cut short."""
    return argparse.ArgumentParser(
        prog=f"python {program}",
        description=description.splitlines()[0],
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def positive(text: str) -> int:
    """A whole number from 1. Raises ArgumentTypeError."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number, at least 1, got {text!r}")
    return int(text)


def add_run(parser: argparse.ArgumentParser, what: str = "a run") -> None:
    """RUN: the directory that is looked at."""
    parser.add_argument("run", type=Path, metavar="RUN", help=f"directory of {what}, finished or not")


def add_trial(parser: argparse.ArgumentParser) -> None:
    """--trial: one of the run's, None for the best."""
    parser.add_argument("--trial", type=int, metavar="ID", help="which trial (default: the best)")


def add_split(parser: argparse.ArgumentParser) -> None:
    """--split: val or test."""
    parser.add_argument(
        "--split", choices=("val", "test"), default="val", help="images to look at (default: %(default)s)"
    )


def add_out(parser: argparse.ArgumentParser, what: str) -> None:
    """--out: where to write; `what` says so in the help."""
    parser.add_argument("--out", type=Path, metavar="DIR", help=what)

"""The command of a script that writes one page about one trial."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from analysis.cli.progress_line import ProgressLine
from analysis.load import load_run
from search.cli.exit_code import exit_code_of
from search.cli.parser import add_out, add_run, add_split, add_trial, parser_of


def trial_page_parser(program: str, description: str, examples: str, folder: str) -> argparse.ArgumentParser:
    """RUN, --trial, --split and --out; the page lies in RUN/`folder`/ID if --out does not say more."""
    parser = parser_of(program, description, examples)
    add_run(parser)
    add_trial(parser)
    add_split(parser)
    add_out(parser, f"folder of the page (default: RUN/{folder}/ID)")
    return parser


def write_trial_page(options: argparse.Namespace, page: Callable[..., Path]) -> int:
    """Write the page of the asked or the best trial and print its path; exit code as `search.errors` has it.

    page: as `analysis.this_image.page.image_page`.
    """

    def write() -> None:
        with ProgressLine() as progress:
            run = load_run(options.run)
            number = run.best_trial().number if options.trial is None else options.trial
            path = page(run, number, split=options.split, out=options.out, progress=progress.say)
        sys.stdout.write(f"{path}\n")

    return exit_code_of(write)

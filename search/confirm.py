"""python search/confirm.py RUN: the best trials again, with fresh seeds, on the test split."""

from __future__ import annotations

import sys

from search.cli.exit_code import exit_code_of
from search.confirmation.options import Options, parse


def main() -> int:
    """Run the command; the exit code says how it went (see --help)."""
    options = parse()
    return exit_code_of(lambda: _confirm(options))


def _confirm(options: Options) -> int:
    # Imported late, so that --help and a mistake in the options answer at once.
    from search.confirmation.command import confirm

    return confirm(options)


if __name__ == "__main__":
    sys.exit(main())

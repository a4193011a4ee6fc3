"""python search/confirm.py RUN: the best trials again, with fresh seeds, on the test split."""

from __future__ import annotations

import sys

from search.confirmation.options import parse
from search.console.report_error import report
from search.errors import SearchError


def main() -> int:
    """Run the command; the exit code says how it went (see --help)."""
    options = parse()
    try:
        # Imported late, so that --help and a mistake in the options answer at once.
        from search.confirmation.command import confirm

        return confirm(options)
    except SearchError as error:
        return report(error)


if __name__ == "__main__":
    sys.exit(main())

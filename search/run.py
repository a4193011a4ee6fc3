"""python search/run.py spaces/sae.yaml: check the space, search it, say what won.

The whole story is here in order; each line's detail is in the module it calls. This script defines
nothing that Ray pickles and is imported by nobody.
"""

from __future__ import annotations

import sys

from search.cli.options import parse
from search.console.report_error import report
from search.errors import ExitCode, SearchError


def main() -> int:
    """Run one command; the exit code says how it went (see --help)."""
    options = parse()
    try:
        # Imported late, so that --help and a mistake in the options answer at once.
        if options.reproduce is not None:
            from search.cli.reproduce import reproduce

            return reproduce(*options.reproduce, as_json=options.json)
        if options.is_job and not options.dry_run:
            from search.jobs.submit import run_as_job

            return run_as_job(options)
        from search.cli.search_command import search

        return search(options)
    except SearchError as error:
        return report(error)
    except KeyboardInterrupt:
        return (
            ExitCode.SIGINT
        )  # before the search began or after it ended; within it, see search.execution.signals


if __name__ == "__main__":
    sys.exit(main())

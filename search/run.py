"""python search/run.py spaces/sae.yaml: check the space, search it, say what won.

The whole story is here in order; each line's detail is in the module it calls. This script defines
nothing that Ray pickles and is imported by nobody.
"""

from __future__ import annotations

import sys

from search.cli.exit_code import exit_code_of
from search.cli.options import Follow, Options, Reproduce, Resume, parse


def main() -> int:
    """Run one command; the exit code says how it went (see --help)."""
    options = parse()
    return exit_code_of(lambda: _run(options))


def _run(options: Options) -> int:
    # Imported late, so that --help and a mistake in the options answer at once.
    mode = options.mode
    if isinstance(mode, Reproduce):
        from search.cli.reproduce import reproduce

        return reproduce(mode.run, mode.trial, as_json=options.json)
    if isinstance(mode, Follow) or (options.is_job and not options.dry_run):
        from search.jobs.submit import run_as_job

        return run_as_job(options)
    from search.cli.search_command import resume, search

    return resume(mode, options) if isinstance(mode, Resume) else search(mode, options)


if __name__ == "__main__":
    sys.exit(main())

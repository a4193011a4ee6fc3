"""The last word about an error that a user can mend: one message on stderr, and the exit code."""

from __future__ import annotations

import os
import sys

from rich.console import Console
from rich.text import Text

from search.errors import SearchError


def report(error: SearchError) -> int:
    """Print the message without a traceback; returns the exit code."""
    console = Console(file=sys.stderr, soft_wrap=True, no_color="NO_COLOR" in os.environ, highlight=False)
    console.print(
        Text.assemble((error.heading, "bold red"), "\n".join([str(error), *getattr(error, "__notes__", ())]))
    )
    return int(error.exit_code)

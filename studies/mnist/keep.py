"""Keeps the part of a run that the study commits: its space, what it ran on, and its ledger; no weights.

    python -m studies.mnist.keep RUN [NAME]

Copies into studies/mnist/ledgers/NAME (the run's own name). A run may be kept again as it grows; a ledger of
another run is not overwritten.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from search.ledger.ledger import read_history

KEPT = ("space.yaml", "space.resolved.yaml", "run.json", "trials.jsonl")
LEDGERS = Path(__file__).parent / "ledgers"


def keep(run: Path, to: Path) -> None:
    """Copies the run's small files; ValueError if `to` holds another run's ledger, or one of more trials."""
    if (to / "trials.jsonl").exists():
        old, new = (read_history(place / "trials.jsonl") for place in (to, run))
        started = [history.sessions[0].time for history in (old, new)]
        if started[0] != started[1] or len(old.trials) > len(new.trials):
            raise ValueError(
                f"{to} holds the ledger of another run, or more trials than {run}; move it away first"
            )
    to.mkdir(parents=True, exist_ok=True)
    for name in KEPT:
        shutil.copyfile(run / name, to / name)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("run", type=Path, help="run directory")
    parser.add_argument("name", nargs="?", help="folder under ledgers/ (default: the run directory's name)")
    options = parser.parse_args()
    keep(options.run, LEDGERS / (options.name or options.run.resolve().name))


if __name__ == "__main__":
    main()

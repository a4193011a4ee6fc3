"""A run as a table: `python examples/read_a_run.py runs/tiny`."""

from __future__ import annotations

import sys

from analysis.load import load_run


def main(directory: str) -> None:
    """Print the ranked trials with what was measured and what was set."""
    run = load_run(directory)
    trials = run.trials().sort_values("rank")
    print(
        f"{run.study.question}\n{len(trials)} trials, {(trials['state'] == 'COMPLETE').sum()} trained in full"
    )
    shown = [column for column in trials.columns if column in ("rank", "state") or column.startswith("sae.")]
    print(trials[[*shown, "probe/accuracy", "sae/dead_fraction"]].to_string())


if __name__ == "__main__":
    main(*sys.argv[1:])

"""python -m tests.campaign: real searches under real faults; prints seeds, faults and violations."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.campaign.one_seed import one_seed


def main() -> int:
    """The exit code is 1 if anything was violated; what is left of such a seed is kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many (default: 20)")
    parser.add_argument("--first", type=int, default=0, help="the first; --seeds 1 --first S replays S")
    parser.add_argument("--trials", type=int, default=12, help="of each search (default: 12)")
    parser.add_argument("--faults", type=int, default=6, help="done to each search (default: 6)")
    options = parser.parse_args()
    faults: Counter[str] = Counter()
    violated = []
    for seed in range(options.first, options.first + options.seeds):
        work = Path(tempfile.mkdtemp(prefix=f"campaign-{seed}-"))
        outcome = one_seed(seed, work, trials=options.trials, faults=options.faults)
        faults += outcome.faults
        done = ", ".join(f"{name} {n}" for name, n in sorted(outcome.faults.items()))
        _say(f"seed {seed}: {outcome.drivers} drivers; {done}; {len(outcome.violations)} violations")
        for violation in outcome.violations:
            _say(f"  {violation}\n  in {work}")
        if outcome.violations:
            violated.append(seed)
    table = ", ".join(f"{name} {n}" for name, n in sorted(faults.items()))
    _say(f"{options.seeds} seeds, {faults.total()} faults ({table}), violated by seeds: {violated or 'none'}")
    return 1 if violated else 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())

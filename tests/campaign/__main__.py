"""python -m tests.campaign: real searches under real faults; prints seeds, faults and violations."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.campaign.nemesis import KILLS
from tests.campaign.one_seed import one_seed


def main() -> int:
    """The exit code is 1 if anything was violated; what is left of such a seed is kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many (default: 20)")
    parser.add_argument("--first", type=int, default=0, help="the first; --seeds 1 --first S replays S")
    parser.add_argument("--trials", type=int, default=12, help="of each search (default: 12)")
    parser.add_argument("--faults", type=int, default=8, help="done to each search (default: 8)")
    options = parser.parse_args()
    faults: Counter[str] = Counter()
    violated = []
    for seed in range(options.first, options.first + options.seeds):
        work = Path(tempfile.mkdtemp(prefix=f"campaign-{seed}-"))
        outcome = one_seed(seed, work, trials=options.trials, faults=options.faults)
        faults += outcome.faults
        found = "; ".join(outcome.violations) or "none"
        _say(
            f"| {seed} | {outcome.drivers} | {outcome.faults.total()} | {_kills(outcome.faults)} | "
            f"{_listed(outcome.faults)} | {outcome.refusals} | {found} |"
        )
        if outcome.violations:
            violated.append(seed)
            _say(f"  seed {seed} is in {work}")
        else:
            shutil.rmtree(work)
        _say(
            f"  so far {faults.total()} faults, {_kills(faults)} kills ({_listed(faults)}), "
            f"violated by seeds: {violated or 'none'}"
        )
    return 1 if violated else 0


def _kills(faults: Counter[str]) -> int:
    return sum(n for name, n in faults.items() if name in KILLS)


def _listed(faults: Counter[str]) -> str:
    return ", ".join(f"{name} {n}" for name, n in sorted(faults.items()))


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())

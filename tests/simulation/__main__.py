"""python -m tests.simulation: many simulated searches under drawn faults; a failing seed is shrunk."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.one_plan import carry_out, shrunk
from tests.simulation.plan import drawn


def violations_of(seed: int) -> tuple[int, list[str]]:
    """The seed, and what its plan violates."""
    logging.disable()
    return seed, carry_out(drawn(seed))


def main() -> int:
    """The exit code is 1 if anything was violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many (default: 1000)")
    parser.add_argument("--first", type=int, default=0, help="the first; --seeds 1 --first S replays S")
    parser.add_argument("--processes", type=int, default=1, help="at once (default: 1)")
    options = parser.parse_args()
    began, failed = time.monotonic(), []
    with ProcessPoolExecutor(options.processes) as pool:
        seeds = range(options.first, options.first + options.seeds)
        for seed, found in pool.map(violations_of, seeds, chunksize=20):
            if found:
                failed.append(seed)
                _say(f"seed {seed}: {'; '.join(found)}")
    _say(f"{options.seeds} seeds in {time.monotonic() - began:.0f} s, violated by: {failed or 'none'}")
    if failed:
        logging.disable()
        _say(f"seed {failed[0]} with all left out that can be: {shrunk(drawn(failed[0]))}")
    return 1 if failed else 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())

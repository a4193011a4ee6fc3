"""One search under the faults of one seed, checked after each, resumed until it is done."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaign.checker import Facts, nothing_lost, read_ledger, said, whole
from tests.campaign.nemesis import FAULTS, LEAVES_NO_WORD

ROOT = Path(__file__).parents[2]
SPACE = ROOT / "tests" / "search_tests" / "spaces" / "tiny.yaml"
ENDS_WITHIN_S = 300
"""Of a driver that nobody troubles any more."""


@dataclass
class Outcome:
    """What was done, and what should not have come of it."""

    faults: Counter[str] = field(default_factory=Counter)
    drivers: int = 0
    violations: list[str] = field(default_factory=list)


def one_seed(seed: int, work: Path, *, trials: int, faults: int) -> Outcome:
    """Search in `work`; the same seed does the same faults after the same waits."""
    chance = random.Random(seed)
    run, outcome, before = work / "runs" / "run", Outcome(), Facts()
    while outcome.drivers <= 2 * faults + 3:
        outcome.drivers += 1
        code, stderr, last = _drive(run, work, chance, outcome, trials, faults)
        now = read_ledger(run / "trials.jsonl")
        outcome.violations += nothing_lost(before, now)
        outcome.violations += said(run, -9 if last in LEAVES_NO_WORD else code, stderr)
        before = now
        if code == 0:
            outcome.violations += whole(run, trials)
            return outcome
        if outcome.violations:
            return outcome
    outcome.violations.append(f"not done after {outcome.drivers} drivers")
    return outcome


def _drive(
    run: Path, work: Path, chance: random.Random, outcome: Outcome, trials: int, faults: int
) -> tuple[int, str, str]:
    """Exit code, stderr, and the last fault of one driver."""
    fresh = [str(SPACE), "--name", "run", "--trials", str(trials)]
    arguments = ["--resume", str(run)] if (run / "space.resolved.yaml").exists() else fresh
    last = ""
    with (work / f"stderr-{outcome.drivers}").open("w+") as stderr:
        with subprocess.Popen(
            [sys.executable, str(ROOT / "search" / "run.py"), *arguments],
            env={**os.environ, "SAE_SEARCH_CACHE": str(work / "cache"), "NO_COLOR": "1"},
            cwd=work,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            text=True,
        ) as driver:
            while outcome.faults.total() < faults:
                try:
                    driver.wait(timeout=chance.uniform(0.5, 25))
                    break
                except subprocess.TimeoutExpired:
                    last = chance.choice(list(FAULTS))
                    outcome.faults[last] += 1
                    FAULTS[last](driver, chance)
            try:
                driver.wait(timeout=ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                outcome.violations.append(f"after {last!r} the driver has not ended in {ENDS_WITHIN_S} s")
                driver.kill()
        stderr.seek(0)
        return driver.returncode, stderr.read(), last

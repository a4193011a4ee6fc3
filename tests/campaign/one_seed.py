"""One search under the faults of one seed, checked after each, resumed until it is done."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.campaign.checker import Facts, nothing_lost, read_ledger, said, whole
from tests.campaign.corruption import MAY_BE_REFUSED, Damage, damage
from tests.campaign.nemesis import FAULTS, LEAVES_NO_WORD, THRESHOLD, Victim, draw

ROOT = Path(__file__).parents[2]
SPACE = ROOT / "tests" / "search_tests" / "spaces" / "tiny.yaml"
ENDS_WITHIN_S = 1200
"""Of a driver that nobody troubles any more, on a machine with much else to do."""
CLEARED_WITHIN_S = 90
"""After a driver's end nothing of it is left."""
MAY_TAKE_BYTES = 5e9
REFUSED = {2, 6}
FULL_DISK = 8


@dataclass
class Outcome:
    """What was done, and what should not have come of it."""

    faults: Counter[str] = field(default_factory=Counter)
    drivers: int = 0
    refusals: int = 0
    violations: list[str] = field(default_factory=list)


@dataclass
class Driven:
    """How one driver ended."""

    code: int
    stderr: str
    faults: list[str] = field(default_factory=list)


class Trouble:
    """One search and all that is done to it; the same seed does the same things after the same waits."""

    def __init__(self, seed: int, work: Path, *, trials: int, faults: int) -> None:
        self.outcome = Outcome()
        self._chance = random.Random(seed)
        self._work, self._run = work, work / "runs" / "run"
        self._trials, self._faults = trials, faults
        self._clock = work / "clock"
        self._has_balloon = self._chance.random() < 0.25
        self._clock.write_text("0")

    def until_done(self) -> Outcome:
        """Search, disturb, check, resume."""
        before, most = Facts(), 3 * self._faults + 5
        while self.outcome.drivers < most and not self.outcome.violations:
            damaged = self._damage()
            if damaged is not None and damaged.kind == "ledger" and not damaged.must_be_refused:
                before = read_ledger(damaged.path)  # what was cut off is nobody's any more
            driven = self._drive(damaged)
            if damaged is not None and driven.code in REFUSED:
                self._check_refusal(damaged, driven)
                damaged.mend()
                continue
            now = read_ledger(self._run / "trials.jsonl")
            self.outcome.violations += nothing_lost(before, now)
            self.outcome.violations += self._last_words(driven)
            if damaged is not None and damaged.must_be_refused and driven.code >= 0:
                self.outcome.violations.append(f"went on with a damaged file: {damaged}")
            before = now
            if driven.code == 0:
                self.outcome.violations += whole(self._run, self._trials)
                return self.outcome
        if not self.outcome.violations:
            self.outcome.violations.append(f"not done after {self.outcome.drivers} drivers")
        return self.outcome

    def _last_words(self, driven: Driven) -> list[str]:
        if LEAVES_NO_WORD & set(driven.faults[-1:]):
            return said(self._run, -9, driven.stderr)
        if driven.code == FULL_DISK and "full disk" in driven.faults:
            return said(self._run, -9, driven.stderr)  # run.json may not have had room either
        return said(self._run, driven.code, driven.stderr)

    def _damage(self) -> Damage | None:
        with_ledger = (self._run / "trials.jsonl").exists()
        if not with_ledger or self.outcome.faults.total() >= self._faults or self._chance.random() < 0.5:
            return None
        damaged = damage(self._work, self._chance)
        if damaged is not None:
            self.outcome.faults[f"damaged {damaged.kind}"] += 1
            _say(f"damaged: {damaged}")
        return damaged

    def _check_refusal(self, damaged: Damage, driven: Driven) -> None:
        self.outcome.refusals += 1
        if damaged.kind not in MAY_BE_REFUSED:
            self.outcome.violations.append(f"refused for {damaged}: {driven.stderr[-2000:]}")
        if damaged.kind == "ledger" and not damaged.must_be_refused:
            self.outcome.violations.append(
                f"refused what a crash may leave, {damaged}: {driven.stderr[-2000:]}"
            )
        if not damaged.is_unchanged:
            self.outcome.violations.append(f"changed what it refused, {damaged}")
        if "Traceback" in driven.stderr:
            self.outcome.violations.append(f"a traceback for {damaged}: {driven.stderr[-2000:]}")

    def _drive(self, damaged: Damage | None) -> Driven:
        """A new driver, troubled until enough was done."""
        self.outcome.drivers += 1
        with (self._work / f"stderr-{self.outcome.drivers}").open("w+") as stderr:
            with subprocess.Popen(
                self._command(),
                env=self._environment(),
                cwd=self._work,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                text=True,
            ) as driver:
                faults = []
                if damaged is not None:
                    self._let_it_read(driver)
                while self.outcome.faults.total() < self._faults:
                    try:
                        driver.wait(
                            timeout=self._chance.choice(
                                (self._chance.uniform(0.5, 12), self._chance.uniform(10, 45))
                            )
                        )
                        break
                    except subprocess.TimeoutExpired:
                        name = draw(self._chance)
                        if FAULTS[name](Victim(driver, self._run, self._clock), self._chance):
                            self.outcome.faults[name] += 1
                            faults.append(name)
                            _say(name)
                try:
                    driver.wait(timeout=ENDS_WITHIN_S)
                except subprocess.TimeoutExpired:
                    self.outcome.violations.append(
                        f"after {faults} the driver has not ended in {ENDS_WITHIN_S} s"
                    )
                    driver.kill()
            self.outcome.violations += self._left_behind()
            stderr.seek(0)
            return Driven(driver.returncode, stderr.read(), faults)

    def _command(self) -> list[str]:
        fresh = [str(SPACE), "--name", "run", "--trials", str(self._trials)]
        fresh += ["--set", "budget.max_failures=1000", "--set", "budget.trial_timeout_s=90"]
        arguments = ["--resume", str(self._run)] if self._run.exists() else fresh
        return [sys.executable, str(ROOT / "search" / "run.py"), *arguments]

    def _environment(self) -> dict[str, str]:
        if self._has_balloon:  # Ray is told of less than there is, so that some gigabytes more are noticed
            memory = psutil.virtual_memory()
            threshold = min(0.95, (memory.total - memory.available + MAY_TAKE_BYTES) / memory.total)
            os.environ[THRESHOLD] = f"{threshold:.4f}"
        else:
            os.environ.pop(THRESHOLD, None)
        return {
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'tests' / 'campaign' / 'clock'}:{ROOT}",
            "CAMPAIGN_CLOCK": str(self._clock),
            "SAE_SEARCH_CACHE": str(self._work / "cache"),
            "NO_COLOR": "1",
            "RAY_memory_monitor_refresh_ms": "100",
        }

    def _let_it_read(self, driver: subprocess.Popen[str]) -> None:
        """Wait until a driver has either refused a damaged file or taken the run."""
        ledger = self._run / "trials.jsonl"
        size = ledger.stat().st_size if ledger.exists() else 0
        until = time.monotonic() + ENDS_WITHIN_S
        while driver.poll() is None and time.monotonic() < until:
            if ledger.exists() and ledger.stat().st_size > size:
                return
            time.sleep(0.2)

    def _left_behind(self) -> list[str]:
        """Processes that knew of this search, after the time that they get to leave."""
        until = time.monotonic() + CLEARED_WITHIN_S
        while left := self._processes():
            if time.monotonic() > until:
                return [f"left behind: {', '.join(left)}"]
            time.sleep(1)
        return []

    def _processes(self) -> list[str]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("CAMPAIGN_CLOCK") == str(self._clock):
                    found.append(f"{process.pid} {process.name()} {process.status()}")
        return found


def one_seed(seed: int, work: Path, *, trials: int, faults: int) -> Outcome:
    """Search in `work` under the faults of `seed`."""
    return Trouble(seed, work, trials=trials, faults=faults).until_done()


def _say(what: str) -> None:
    print(f"  {time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)  # noqa: T201

"""One plan carried out: drivers one after the other until the search is done, checked after each."""

from __future__ import annotations

import errno
import os
import random
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from search.errors import SearchError
from search.execution import recorded_session
from search.execution.search_run import SearchRun, run_search
from search.execution.signals import StopSignals
from search.ledger.events import Event
from search.ledger.history import History
from search.ledger.ledger import read_history
from search.loggers.all_loggers import _Files
from search.loggers.tensorboard_events import TensorBoardLogger
from search.run_dir import own_space, run_info
from search.run_dir.own_space import own_study, refuse_lost_ledger
from search.run_dir.run_directory import RunDirectory, create, open_existing
from search.run_dir.run_info import noting_the_end
from search.space.loader import load_text
from search.space.writer import resolved_text
from tests.campaign.checker import Facts, nothing_lost, read_ledger
from tests.simulation.disk import Disk, Killed
from tests.simulation.plan import Crash, Plan
from tests.simulation.virtual_ray import VirtualRay, WorkerKilled

SPACE = """\
name: simulated
question: Does the machinery hold?
objectives: [{metric: probe/accuracy, mode: max}, {metric: attribution/junk, mode: min}]
budget: {trials: %d, seed: 3, max_failures: 100}
scheduler: {name: asha, rungs: 2, reduction_factor: 3}
sampler: {name: random}
trial: {sae: {kind: topk, width: {log_int: [32, 64]}, k: {int: [2, 8]}}}
"""
EPOCH = 1_700_000_000.0
EXPECTED = {0, 8, 143}
"""Exit codes that the faults of a plan may lead to."""
Told = list[tuple[Any, ...]]
_load_once = lru_cache(maxsize=50)(load_text)
_told_undisturbed: dict[tuple[int, int], Told] = {}


class _Acknowledged:
    """A logger that hears what is safe, last of all."""

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self.length = 0

    def on_events(self, events: Sequence[Event], history: History) -> None:  # noqa: ARG002
        self.length = self._ledger.stat().st_size

    def close(self) -> None:
        pass


class Simulation:
    """The search of one plan in a folder of its own."""

    def __init__(self, plan: Plan, root: Path) -> None:
        self._plan, self._root = plan, root
        self._disk = Disk(root)
        self._run = root / "runs" / "run"
        self._signals = StopSignals()
        self._crash: Crash | None = None
        self._changes = 0
        self._is_worker = False
        self._chance = random.Random(plan.seed)
        self._acknowledged = _Acknowledged(self._run / "trials.jsonl")
        self._ray = VirtualRay(
            plan.workers, self._chance, lambda _: None, self._at_work, root.parent / "error"
        )

    def violations(self) -> list[str]:
        """What should not have come of it."""
        before = Facts()
        safe = b""
        with self._in_virtual_time():
            for session in range(self._plan.sessions + 1):
                code = self._session(session)
                ledger = self._run / "trials.jsonl"
                content = ledger.read_bytes() if ledger.exists() else b""
                now = read_ledger(ledger)
                found = [] if content.startswith(safe) else ["what was acknowledged is not there any more"]
                found += now.violations if session == self._plan.sessions or code == 0 else []
                # 4: those that died may have been all there were
                expected = EXPECTED | ({4} if self._plan.deaths else set())
                if code is not None and code not in expected:
                    found.append(f"exit code {code}")
                if code is not None:
                    found += nothing_lost(before, now)
                if found:
                    return [f"session {session}: {violation}" for violation in found]
                before, safe = (now, content) if code is not None else (before, safe)
                if code in (0, 4) and session >= self._plan.sessions:
                    return self._at_the_end()
        return [f"not done after {self._plan.sessions + 1} sessions"]

    def told(self) -> Told:
        """All that must repeat of the search: everything but times."""
        return [
            (
                t.number,
                t.params,
                t.state,
                t.values,
                t.decisions,
                [(r.epoch, r.rung, r.metrics) for r in t.reports],
            )
            for _, t in sorted(read_history(self._run / "trials.jsonl").trials.items())
        ]

    def _at_the_end(self) -> list[str]:
        facts = read_ledger(self._run / "trials.jsonl")
        found = []
        if sorted(facts.suggested) != list(range(self._plan.trials)) or set(facts.ends) != set(
            facts.suggested
        ):
            found.append(f"suggested {sorted(facts.suggested)}, ended {sorted(facts.ends)}")
        if self._plan.workers == 1 and self.told() != undisturbed(self._plan.trials, self._plan.seed):
            found.append("it is not what an undisturbed search would have found")
        info = RunDirectory(self._run).read_info()
        if (info["status"], info["exit_code"]) not in (("done", 0), ("failed", 4)):
            found.append(f"run.json says {info['status']} {info['exit_code']}")
        found += [
            f"{path} is not whole"
            for path in self._run.glob("trials/*/params.json")
            if not path.read_bytes().endswith(b"}\n")
        ]
        return found

    def _session(self, session: int) -> int | None:
        """A driver's exit code; None if it was killed."""
        self._changes, self._is_worker, self._signals = 0, False, StopSignals()
        self._acknowledged.length = 0
        self._crash = next((crash for crash in self._plan.crashes if crash.session == session), None)
        fates = {death.step: death.kind for death in self._plan.deaths if death.session == session}
        self._ray.fate = fates.get
        self._disk.before_change = self._before_change
        try:
            with self._disk.watching():
                return self._drive()
        except Killed:
            self._after_the_kill()
            return None
        finally:
            self._disk.let_go()

    def _after_the_kill(self) -> None:
        assert self._crash is not None
        ledger = self._run / "trials.jsonl"
        safe = ledger.read_bytes()[: self._acknowledged.length] if self._acknowledged.length else b""
        if self._crash.kind == "power":
            self._disk.cut_power(random.Random(self._crash.seed))
        content = ledger.read_bytes() if ledger.exists() else b""
        if not content.startswith(safe):
            raise AcknowledgedLost(len(safe), content)

    def _drive(self) -> int:
        directory = None
        try:
            if self._run.exists():
                directory = open_existing(self._run)
                directory.acquire()
            else:
                study = _load_once(SPACE % self._plan.trials, "space").study
                directory = create(
                    self._run.parent, "simulated", "run", {"space.resolved.yaml": resolved_text(study)}
                )
            history = read_history(directory.ledger)
            refuse_lost_ledger(directory, history)
            study = own_study(directory, history)
            launch = SearchRun(
                study=study,
                directory=directory,
                dataset=SimpleNamespace(key="data"),  # type: ignore[arg-type]
                address="local",
                loggers=lambda history: [_Files(study, directory, history), self._acknowledged],
                release=directory.release,
            )
            with noting_the_end(study, directory, self._plan.trials, "go on"):
                run_search(launch, self._signals)
        except SearchError as error:
            return int(error.exit_code)
        finally:
            if directory is not None and not self._disk.is_dead:
                directory.release()
        return 0

    def _at_work(self, begins: bool) -> None:
        self._is_worker = begins

    def _before_change(self, kind: str) -> None:
        self._changes += 1
        crash = self._crash
        if crash is None or self._changes < crash.at:
            return
        if crash.kind == "full disk" and kind in ("write", "open", "mkdir"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self._changes > crash.at:
            return
        if crash.kind in ("kill", "power"):
            raise Killed
        if crash.kind == "error" and kind != "remove":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if crash.kind == "signal":
            self._signals._received = 15
        if crash.kind == "worker" and self._is_worker:
            raise WorkerKilled

    @contextmanager
    def _in_virtual_time(self) -> Iterator[None]:
        defaults = TensorBoardLogger.__init__.__kwdefaults__
        assert defaults is not None
        names = random.Random(self._plan.seed)
        with ExitStack() as stack:
            for place, name, value in (
                (time, "time", lambda: EPOCH + self._ray.now),
                (uuid, "uuid4", lambda: uuid.UUID(int=names.getrandbits(128))),
                (recorded_session, "run_trials", self._ray.run_trials),
                (own_space, "load_text", _load_once),
                (run_info, "describe_process", dict),
            ):
                stack.enter_context(patch.object(place, name, value))
            stack.enter_context(patch.dict(defaults, clock=lambda: self._ray.now))
            yield


class AcknowledgedLost(Exception):
    """The crash itself took what had been acknowledged: it was not synced."""

    def __init__(self, length: int, left: bytes) -> None:
        super().__init__(f"{length} bytes were acknowledged, the cut left {len(left)} others")


def carry_out(plan: Plan) -> list[str]:
    """What a plan violates; an exception that nobody should ever see is one, too."""
    parent = Path(
        tempfile.mkdtemp(prefix="simulation-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
    )
    (parent / "disk").mkdir()
    try:
        return Simulation(plan, parent / "disk").violations()
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    finally:
        shutil.rmtree(parent)


def undisturbed(trials: int, seed: int) -> Told:
    """What a search with one worker finds when nothing happens."""
    if (trials, 0) not in _told_undisturbed:
        parent = Path(tempfile.mkdtemp(prefix="simulation-"))
        (parent / "disk").mkdir()
        calm = Simulation(Plan(seed, 1, trials), parent / "disk")
        _told_undisturbed[trials, 0] = []  # its own end is not held against itself
        calm.violations()
        _told_undisturbed[trials, 0] = calm.told()
        shutil.rmtree(parent)
    return _told_undisturbed[trials, 0]


def shrunk(plan: Plan) -> Plan:
    """A plan that still violates something, with as little in it as can be left out one by one."""
    from dataclasses import replace

    progress = True
    while progress:
        progress = False
        smaller = [
            *(replace(plan, crashes=tuple(c for c in plan.crashes if c != crash)) for crash in plan.crashes),
            *(replace(plan, deaths=tuple(d for d in plan.deaths if d != death)) for death in plan.deaths),
            *([replace(plan, trials=plan.trials - 1)] if plan.trials > 1 else []),
            *([replace(plan, workers=plan.workers - 1)] if plan.workers > 1 else []),
        ]
        for candidate in smaller:
            if carry_out(candidate):
                plan, progress = candidate, True
                break
    return plan

"""One simulated search: drivers one after the other until it is done, checked after each."""

from __future__ import annotations

import errno
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from search.errors import SearchError
from search.execution.search_run import SearchRun, run_search
from search.execution.signals import StopSignals
from search.ledger.history import History
from search.ledger.ledger import read_history
from search.ledger.recorder import TrialLogger
from search.loggers.all_loggers import _Files
from search.run_dir.own_space import own_study, refuse_lost_ledger
from search.run_dir.run_directory import RunDirectory, create, open_existing
from search.run_dir.run_info import noting_the_end
from search.space.writer import resolved_text
from search.storage.restore import bring_home
from search.storage.shared_run import UNSHARED, Sharing, place_of, sharing
from search.study.study import Study
from tests.campaign.checker import Facts, nothing_lost, read_ledger
from tests.simulation.acknowledged import Acknowledged, AcknowledgedLost
from tests.simulation.disk import Disk, Killed
from tests.simulation.mirror import Mirror
from tests.simulation.plan import Crash, LostDisk, Outage, Plan, Usurper
from tests.simulation.storage import LATE_S, PLACE, Bucket, Uploads, in_memory, is_signed_off, known
from tests.simulation.virtual_ray import STEPS, VirtualRay, WorkerKilled
from tests.simulation.virtual_time import in_virtual_time, load_once

SPACE = """\
name: simulated
question: Does the machinery hold?
objectives: [{metric: probe/accuracy, mode: max}, {metric: attribution/junk, mode: min}]
budget: {trials: %d, seed: 3, max_failures: 100}
scheduler: {name: %s, rungs: 2, reduction_factor: 3}
sampler: {name: random}
trial: {sae: {kind: topk, width: {log_int: [32, 64]}, k: {int: [2, 8]}}}
"""
HERE = f"{PLACE}/run"
NO_ROOM = 8
EXPECTED = {0, NO_ROOM, 143}
"""Exit codes that the faults of a plan may lead to."""
REPLACED = 6
Told = list[tuple[Any, ...]]


class Simulation:
    """The search of one plan in a folder of its own."""

    def __init__(self, plan: Plan, root: Path, calm: Callable[[Plan, bool], Told] | None) -> None:
        """calm: what the same search tells when nothing happens; True: without reports between rungs. None
        for that search itself."""
        self._plan, self._root, self._calm = plan, root, calm
        self._disk = Disk(root)
        self._run = root / "runs" / "run"
        self._signals = StopSignals()
        self._crash: Crash | None = None
        self._changes = 0
        self._is_worker = False
        self._usurped_at: int | None = None
        self._chance = random.Random(plan.seed)
        self._ray = VirtualRay(
            plan.workers, self._chance, lambda _: None, self._at_work, root.parent / "error"
        )
        self._acknowledged = Acknowledged(self._run / "trials.jsonl", lambda: self._ray.now)
        self._mirror = Mirror(self._run / "study.db")
        self._bucket = Bucket(self._disk)
        self._uploads = Uploads(self._bucket, HERE)
        self._ray.passed, self._ray.place = self._uploads.passed, HERE

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
                has_run = (
                    self._run.exists() or not self._plan.is_shared
                )  # else it is still to be brought home
                is_there = not has_run or content.startswith(safe)
                found = [] if is_there else ["what was acknowledged is not there any more"]
                found += now.violations if session == self._plan.sessions or code == 0 else []
                if code is not None:
                    found += self._unexpected(code)
                if code is not None and has_run:
                    # A driver that had no room at the lock has left a torn line as it was.
                    torn = now.violations if code == NO_ROOM else []
                    found += [violation for violation in nothing_lost(before, now) if violation not in torn]
                if found:
                    return [f"session {session}: {violation}" for violation in found]
                if code not in (None, NO_ROOM) and has_run:
                    before, safe = now, content
                if code in (0, 4) and session >= self._plan.sessions:
                    return self._at_the_end()
                if code == REPLACED or (code is None and LostDisk(session) in self._plan.troubles):
                    found, safe = self._lose_the_disk(session)
                    if found:
                        return [f"session {session}: {violation}" for violation in found]
                    before = Facts()
        return [f"not done after {self._plan.sessions + 1} sessions"]

    def _unexpected(self, code: int) -> list[str]:
        expected = set(EXPECTED)
        if self._plan.deaths:
            expected.add(4)  # those that died may have been all there were
        if self._uploads.was_usurped:
            expected.add(REPLACED)
        return [] if code in expected else [f"exit code {code}"]

    def _lose_the_disk(self, session: int) -> tuple[list[str], bytes]:
        """Nothing is left here. What should not be missing on the storage, and what is there."""
        ledger = self._run / "trials.jsonl"
        there = known(self._bucket, HERE) or b""
        had = ledger.read_bytes() if ledger.exists() else b""
        found = []
        if not self._uploads.was_usurped:
            if had and not had.startswith(there):  # none where the run was still to be brought home
                found.append("the storage has another ledger")
            is_away = any(isinstance(t, Outage) and t.session == session for t in self._plan.troubles)
            if not is_away and len(there) < self._acknowledged.before(self._ray.now - LATE_S):
                found.append(f"the storage has {len(there)} bytes of the ledger, older than {LATE_S} s")
        self._disk.wipe()
        self._mirror.forget()
        self._uploads.was_usurped = False
        return found, there

    def told(self, *, rungs_alone: bool = False) -> Told:
        """All that must repeat of the search: everything but times.

        rungs_alone: not what a trial reported between rungs. A ledger from the storage is older than the
        checkpoints there, so that after the loss of a disk some of these are missing.
        """
        return [
            (
                t.number,
                t.params,
                t.state,
                t.values,
                t.decisions,
                [(r.epoch, r.rung, r.metrics) for r in t.reports if r.rung is not None or not rungs_alone],
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
        lost = self._plan.is_shared
        calm = None if self._calm is None or self._plan.workers > 1 else self._calm(self._plan, lost)
        if calm is not None and self.told(rungs_alone=lost) != calm:
            found.append("it is not what an undisturbed search would have found")
        info = RunDirectory(self._run).read_info()
        if (info["status"], info["exit_code"]) not in (("done", 0), ("failed", 4)):
            found.append(f"run.json says {info['status']} {info['exit_code']}")
        found += [
            f"{path} is not whole"
            for path in self._run.glob("trials/*/params.json")
            if not path.read_bytes().endswith(b"}\n")
        ]
        history = read_history(self._run / "trials.jsonl")
        found += _masquerading(history)
        if self._plan.has_mirror:
            found += self._mirror.differs(self._study(), history)
        return found + (self._not_shared(history) if self._plan.is_shared else [])

    def _not_shared(self, history: History) -> list[str]:
        """What is not on the storage after a session that nothing disturbed, or was not brought home."""
        found = []
        if known(self._bucket, HERE) != (self._run / "trials.jsonl").read_bytes():
            found.append("the storage has another ledger than the run")
        if not is_signed_off(self._bucket, HERE):
            found.append("the storage does not know that its driver ended")
        if not self._plan.troubles and not self._plan.crashes and not self._plan.deaths:
            found += [
                f"trial {number} was not brought home"
                for number, trial in history.trials.items()
                if trial.checkpoint is not None
                and not (self._run / "trials" / trial.folder / trial.checkpoint["path"]).is_dir()
            ]
        return found

    def _session(self, session: int) -> int | None:
        """A driver's exit code; None if it was killed."""
        self._changes, self._is_worker, self._signals = 0, False, StopSignals()
        self._acknowledged.begins()
        troubles = [trouble for trouble in self._plan.troubles if trouble.session == session]
        self._bucket.begins(tuple(trouble for trouble in troubles if isinstance(trouble, Outage)))
        self._usurped_at = next((trouble.flush for trouble in troubles if isinstance(trouble, Usurper)), None)
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
            self._uploads.is_over()
            self._mirror.close()
            self._disk.let_go()

    def _after_the_kill(self) -> None:
        assert self._crash is not None
        ledger = self._run / "trials.jsonl"
        safe = ledger.read_bytes()[: self._acknowledged.length] if self._acknowledged.length else b""
        if self._crash.kind == "power":
            chance = random.Random(self._crash.seed)
            self._disk.cut_power(chance)
            self._mirror.left_by_a_cut(chance)
        content = ledger.read_bytes() if ledger.exists() else b""
        if not content.startswith(safe):
            raise AcknowledgedLost(len(safe), content)

    def _drive(self) -> int:
        directory = None
        try:
            directory, is_new = self._directory()
            history = read_history(directory.ledger)
            refuse_lost_ledger(directory, history)
            study = own_study(directory, history)
            with self._shared(directory, is_new=is_new) as shared:
                launch = SearchRun(
                    study=study,
                    directory=directory,
                    dataset=SimpleNamespace(key="data"),  # type: ignore[arg-type]
                    address="local",
                    loggers=lambda history: self._loggers(study, directory, history),
                    release=directory.release,
                    sharing=shared,
                )
                with noting_the_end(study, directory, self._plan.trials, "go on"):
                    run_search(launch, self._signals)
        except SearchError as error:
            return int(error.exit_code)
        finally:
            if directory is not None and not self._disk.is_dead:
                directory.release()
        return 0

    def _directory(self) -> tuple[RunDirectory, bool]:
        """What a user would go on with, and whether it was made just now."""
        if self._run.exists():
            directory = open_existing(self._run)
            directory.acquire()
            return directory, False
        if self._plan.is_shared and known(self._bucket, HERE) is not None:
            return bring_home(HERE, self._run.parent, take_over=True), True
        files = {name: resolved_text(self._study()) for name in ("space.yaml", "space.resolved.yaml")}
        return create(self._run.parent, "simulated", "run", files), True

    def _study(self) -> Study:
        return load_once(SPACE % (self._plan.trials, self._plan.scheduler), "space").study

    def _loggers(self, study: Study, directory: RunDirectory, history: History) -> list[TrialLogger]:
        mirror = [self._mirror.opened(study, history)] if self._plan.has_mirror else []
        return [*mirror, _Files(study, directory, history), self._acknowledged]

    @contextmanager
    def _shared(self, directory: RunDirectory, *, is_new: bool) -> Iterator[Sharing]:
        """As the command does it."""
        if not self._plan.is_shared:
            yield UNSHARED
            return
        with ExitStack() as stack:
            try:
                shared = stack.enter_context(sharing(directory, place_of(directory, PLACE)))
            except SearchError:
                if is_new:
                    directory.discard()
                raise
            (run,) = shared.loggers
            self._uploads.begins(run, self._ray.now, self._usurped_at)  # type: ignore[arg-type]
            yield shared

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
        with ExitStack() as stack:
            stack.enter_context(in_virtual_time(self._ray, self._plan.seed))
            if self._plan.is_shared:
                stack.enter_context(patch.object(time, "sleep", self._ray.sleep))
                stack.enter_context(in_memory(self._bucket, self._root.parent / "node"))
            yield


def _masquerading(history: History) -> list[str]:
    """Trials whose values are not those of their whole training, or that have values without it."""
    last = STEPS[-1][1] or 0
    found = []
    for number, trial in history.trials.items():
        metrics = trial.rungs[last].metrics if last in trial.rungs else {}
        whole = (metrics["probe/accuracy"], metrics["attribution/junk"]) if metrics else None
        if trial.values != whole or (trial.state == "COMPLETE") != (whole is not None):
            found.append(
                f"trial {number} is {trial.state} with {trial.values}, its whole training gave {whole}"
            )
    return found

"""A plan carried out, and shrunk to the least that still violates something."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.simulation.one_search import Simulation, Told
from tests.simulation.plan import Plan

_told_undisturbed: dict[tuple[int, str, bool], Told] = {}


def carry_out(plan: Plan) -> list[str]:
    """What a plan violates; an exception that nobody should ever see is one, too."""
    parent = Path(
        tempfile.mkdtemp(prefix="simulation-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
    )
    (parent / "disk").mkdir()
    try:
        return Simulation(plan, parent / "disk", undisturbed).violations()
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    finally:
        shutil.rmtree(parent)


def undisturbed(plan: Plan, rungs_alone: bool = False) -> Told:
    """What a search with one worker finds when nothing happens."""
    key = plan.trials, plan.scheduler, rungs_alone
    if key not in _told_undisturbed:
        parent = Path(tempfile.mkdtemp(prefix="simulation-"))
        (parent / "disk").mkdir()
        calm = Simulation(Plan(plan.seed, 1, plan.trials, scheduler=plan.scheduler), parent / "disk", None)
        try:
            found = calm.violations()
            assert not found, f"a search that nothing disturbs violates {found}"
            for without in (False, True):
                _told_undisturbed[plan.trials, plan.scheduler, without] = calm.told(rungs_alone=without)
        finally:
            shutil.rmtree(parent)
    return _told_undisturbed[key]


def shrunk(plan: Plan) -> Plan:
    """A plan that still violates something, with as little in it as can be left out one by one."""
    progress = True
    while progress:
        progress = False
        smaller = [
            *(replace(plan, crashes=tuple(c for c in plan.crashes if c != crash)) for crash in plan.crashes),
            *(replace(plan, deaths=tuple(d for d in plan.deaths if d != death)) for death in plan.deaths),
            *(replace(plan, troubles=tuple(t for t in plan.troubles if t != out)) for out in plan.troubles),
            *([replace(plan, has_mirror=False)] if plan.has_mirror else []),
            *([replace(plan, is_shared=False, troubles=())] if plan.is_shared else []),
            *([replace(plan, trials=plan.trials - 1)] if plan.trials > 1 else []),
            *([replace(plan, workers=plan.workers - 1)] if plan.workers > 1 else []),
        ]
        for candidate in smaller:
            if carry_out(candidate):
                plan, progress = candidate, True
                break
    return plan

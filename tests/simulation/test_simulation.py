"""A thousand simulated searches under drawn faults, and that the simulation finds what it is there for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from unittest.mock import patch

import pytest

from tests.simulation.disk import Disk
from tests.simulation.one_plan import carry_out, shrunk
from tests.simulation.plan import drawn

A_PART = 125


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(100):
        yield


@pytest.mark.parametrize("part", range(8))
def test_no_schedule_of_faults_loses_or_mixes_anything(part: int) -> None:
    seeds = range(part * A_PART, (part + 1) * A_PART)
    violated = {seed: found for seed in seeds if (found := carry_out(drawn(seed)))}
    assert violated == {}, "python -m tests.simulation --seeds 1 --first SEED replays and shrinks one"


def test_trials_that_wait_at_a_rung_survive_the_same_faults() -> None:
    plans = [replace(drawn(seed), scheduler="promotion", trials=6) for seed in range(12)]
    assert {plan.seed: found for plan in plans if (found := carry_out(plan))} == {}


def test_a_disk_that_does_not_sync_is_found_out_and_the_plan_shrinks() -> None:
    with patch.object(Disk, "sync", lambda self, path: None):  # noqa: ARG005
        plan = next(plan for plan in map(drawn, range(60)) if carry_out(plan))
        least = shrunk(plan)
        assert carry_out(least)
    assert [crash.kind for crash in least.crashes] == ["power"]
    assert carry_out(least) == []  # a disk that does keeps all


def test_a_seed_does_the_same_every_time() -> None:
    with patch.object(Disk, "sync", lambda self, path: None):  # noqa: ARG005
        once, again = ([carry_out(drawn(seed)) for seed in range(25)] for _ in range(2))
    assert once == again
    assert any(once)

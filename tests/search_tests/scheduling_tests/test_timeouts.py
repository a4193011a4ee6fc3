"""A trial that took too long on another machine is told from one whose process or machine died."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from search.scheduling.timeouts import Attempts, FrozenWorkers
from tests.search_tests.end_to_end_tests.test_run import history_of
from tests.search_tests.faulty_actor import DIES_FAR, HANGS_FAR
from tests.search_tests.nodes import ROOT, Nodes, nodes

TIMEOUT_S = 100.0
DIED = "The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR"
WITH_ITS_NODE = "The actor died because its node has died. Node Id: 00"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    return Attempts(TIMEOUT_S, "timeout", clock)


@pytest.mark.parametrize(("after_s", "timed_out"), [(1.0, False), (94.0, False), (96.0, True), (101.0, True)])
def test_a_process_that_dies_when_its_time_is_over(
    attempts: Attempts, clock: Clock, tmp_path: Path, after_s: float, timed_out: bool
) -> None:
    clock.now = 1000.0
    attempts.began("a")
    clock.now += after_s
    attempts.died("a", DIED)
    assert attempts.timed_out("a", tmp_path) is timed_out
    assert not attempts.timed_out("b", tmp_path)


def looked(frozen: FrozenWorkers[str], clock: Clock, seconds: float, busy: set[str]) -> list[str]:
    """Who is overdue after so many seconds in which the driver looked every half second."""
    found: list[str] = []
    for _ in range(int(2 * seconds)):
        clock.now += 0.5
        found = frozen.overdue(busy)
    return found


def test_a_worker_that_owes_an_answer_for_longer_than_its_watchdog_allows_is_overdue(clock: Clock) -> None:
    frozen = FrozenWorkers[str](TIMEOUT_S, clock)
    frozen.began("a")
    frozen.began("b")
    assert looked(frozen, clock, 114, {"a", "b"}) == []
    frozen.began("b")
    assert looked(frozen, clock, 3, {"a", "b"}) == ["a"]
    assert looked(frozen, clock, 114, {"b"}) == ["b"]


def test_a_worker_that_answered_begins_anew(clock: Clock) -> None:
    frozen = FrozenWorkers[str](TIMEOUT_S, clock)
    frozen.began("a")
    looked(frozen, clock, 114, {"a"})
    assert looked(frozen, clock, 1, set()) == []
    frozen.began("a")
    assert looked(frozen, clock, 114, {"a"}) == []


def test_a_worker_gets_time_to_start_but_not_for_ever(clock: Clock) -> None:
    frozen = FrozenWorkers[str](TIMEOUT_S, clock)
    assert looked(frozen, clock, 410, {"a"}) == []
    assert looked(frozen, clock, 10, {"a"}) == ["a"]


def test_a_driver_that_was_stopped_itself_judges_nobody_by_that_time(clock: Clock) -> None:
    frozen = FrozenWorkers[str](TIMEOUT_S, clock)
    frozen.began("a")
    frozen.overdue({"a"})
    clock.now += 86_400
    assert frozen.overdue({"a"}) == []
    assert looked(frozen, clock, 110, {"a"}) == []
    assert looked(frozen, clock, 5, {"a"}) == ["a"]


def test_time_runs_from_the_last_attempt_and_not_before_the_first(
    attempts: Attempts, clock: Clock, tmp_path: Path
) -> None:
    clock.now = 1000.0
    attempts.died("never began", DIED)
    attempts.began("a")
    clock.now += 90.0
    attempts.began("a")
    clock.now += 90.0
    attempts.died("a", DIED)
    assert not attempts.timed_out("a", tmp_path)
    assert not attempts.timed_out("never began", tmp_path)


@pytest.mark.parametrize("told", ["", WITH_ITS_NODE, "ValueError: a bug"])
def test_only_a_process_that_died_alone_may_have_timed_out(
    attempts: Attempts, clock: Clock, tmp_path: Path, told: str
) -> None:
    attempts.began("a")
    clock.now += TIMEOUT_S
    attempts.died("a", told)
    assert not attempts.timed_out("a", tmp_path)


def test_a_mark_is_proof_and_an_empty_one_is_none(attempts: Attempts, tmp_path: Path) -> None:
    (tmp_path / "timeout.txt").touch()
    assert not attempts.timed_out("a", tmp_path)
    (tmp_path / "timeout.txt").write_text("Timeout (0:01:40)!")
    assert attempts.timed_out("a", tmp_path)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Nodes]:
    """No trial fits the driver's node."""
    if " " in sys.executable:
        pytest.skip("Ray starts nodes through a shell and does not quote the interpreter's path")
    with nodes(0, 1, 1) as cluster:
        yield cluster


@pytest.mark.slow
def test_on_far_nodes_a_hang_is_a_timeout_and_a_death_is_tried_again(cluster: Nodes, tmp_path: Path) -> None:
    words = ["-m", "tests.search_tests.faulty_actor", tmp_path, "far", cluster.address, tmp_path / "shared"]
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**cluster.environment, "SAE_SEARCH_CACHE": str(tmp_path / "cache")},
        cwd=ROOT,
        check=False,
    )
    assert done.stderr.count("Traceback") == 0
    trials = history_of(tmp_path / "far").trials
    assert trials[HANGS_FAR].reason == "timeout: longer than budget.trial_timeout_s = 40", done.stderr
    assert trials[HANGS_FAR].retries == 0
    assert trials[DIES_FAR].retries == 1


ACTORS = """
import os, sys, time, ray
from search.scheduling.timeouts import Attempts, FrozenWorkers
ray.init(address=sys.argv[1], log_to_driver=False, logging_level="ERROR")

class Actor:
    def ready(self):
        return True
    def die(self):
        os._exit(1)
    def hang(self):
        time.sleep(1000)

def told(call):
    attempts = Attempts(1.0, "")  # its slack is longer: every death is late enough
    attempts.began("a")
    try:
        ray.get(call, timeout=600)
    except ray.exceptions.RayError as error:
        attempts.died("a", str(error))
        print("told:", attempts.timed_out("a", Path("/nowhere")), error, flush=True)

from pathlib import Path
first, second = (ray.remote(Actor).options(num_cpus=1).remote() for _ in range(2))
hangs = first.hang.remote()
ray.get(second.ready.remote())
told(second.die.remote())
told(hangs)
"""


@pytest.mark.slow  # Ray may tell of a death minutes late on a loaded machine
def test_ray_says_whether_a_process_died_or_its_node(cluster: Nodes) -> None:
    """Last here: no node is left but the head."""
    with subprocess.Popen(
        [sys.executable, "-c", ACTORS, cluster.address],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **cluster.environment},
    ) as process:
        assert process.stdout is not None
        told = (line for line in process.stdout if line.startswith("told: "))
        assert next(told).startswith("told: True")
        cluster.kill(1)
        cluster.kill(2)
        last = next(told)
    assert last.startswith("told: False"), last

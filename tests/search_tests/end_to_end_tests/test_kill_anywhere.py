"""kill -9 of the driver at many random moments of one search; slow, so `make test-slow`.

After every kill the invariants of the run directory are checked, and at the end the search must be
exactly where an undisturbed one would be: the target number of trials, none lost, none twice.
"""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from search.ledger.ledger import read_history
from tests.search_tests.end_to_end_tests.test_run import TINY, command, environment, history_of, run, told

TARGET = 20


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_no_moment_of_death_loses_or_doubles_a_trial(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    cache, directory = tmp_path / "cache", tmp_path / "runs" / "killed"
    first = command(TINY, "--name", "killed", "--trials", str(TARGET))
    kills = 0
    acknowledged: dict[int, tuple[object, ...]] = {}
    while True:
        arguments = command("--resume", directory) if (directory / "space.resolved.yaml").exists() else first
        with subprocess.Popen(
            arguments,
            env=environment(cache),
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as driver:
            try:
                # From before the first line of the ledger to late in the search; ever later, so that it ends
                # on a slow machine too.
                driver.wait(timeout=chance.uniform(0.5, 12 + 2 * kills))
            except subprocess.TimeoutExpired:
                driver.kill()
                kills += 1
        if driver.returncode == 0:
            break
        acknowledged = _nothing_acknowledged_changed(directory, acknowledged)
        assert kills < 60
    assert kills >= 2
    history = history_of(directory)
    assert len(history.trials) == history.finished == TARGET
    assert sorted(history.trials) == list(range(TARGET))
    _nothing_acknowledged_changed(directory, acknowledged)
    # A further resume finds nothing to do.
    before = (directory / "trials.jsonl").read_bytes()
    assert run("--resume", directory, cache=cache).returncode == 0
    assert told(read_history(directory / "trials.jsonl")) == told(history)
    assert (directory / "trials.jsonl").read_bytes().startswith(before)


def _nothing_acknowledged_changed(
    directory: Path, before: dict[int, tuple[object, ...]]
) -> dict[int, tuple[object, ...]]:
    """Ended trials stay as they were told; reports of running ones only grow."""
    if not (directory / "trials.jsonl").exists():
        return before
    now = {entry[0]: entry for entry in told(history_of(directory))}
    for number, then in before.items():
        assert isinstance(number, int)
        if then[2] != "RUNNING":
            assert now[number] == then
        reports_then, reports_now = then[5], now[number][5]
        assert isinstance(reports_then, list)
        assert isinstance(reports_now, list)
        assert reports_now[: len(reports_then)] == reports_then
    return {int(str(number)): entry for number, entry in now.items()}

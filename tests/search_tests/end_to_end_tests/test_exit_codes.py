"""Exit codes of failures that need a real run: too many failures, none complete, disk, cluster, signals."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
from pathlib import Path

import psutil
import pytest

from search.ledger.ledger import read
from tests.search_tests.end_to_end_tests.test_run import (
    ROOT,
    TINY,
    begun,
    history_of,
    n_finished,
    run,
    wait_for,
)


def test_smoke_space_runs(tmp_path: Path) -> None:
    """With a question that a terminal library would take for markup."""
    asks = ("--set", "question=Does [/b] or [red]it[/red] run?")
    done = run(ROOT / "spaces" / "smoke.yaml", "--name", "smoke", *asks, cache=tmp_path / "cache")
    assert "Does [/b] or [red]it[/red] run?" in done.stderr
    assert "Does [/b] or [red]it[/red] run?" in done.stdout
    assert done.returncode == 0, done.stderr
    assert history_of(tmp_path / "runs" / "smoke").finished == 2
    assert "smoke" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.slow
def test_a_hopeless_timeout_ends_with_too_many_failures(tmp_path: Path) -> None:
    """Every trial overruns at once; the second failure is one too many. What is left is one trial."""
    arguments = ("--trials", "3", "--set", "budget.max_failures=1", "--set", "budget.trial_timeout_s=0.01")
    done = run(TINY, "--name", "late", *arguments, cache=tmp_path / "cache")
    assert done.returncode == 3, done.stderr
    assert "more than budget.max_failures = 1" in done.stderr
    assert "timeout" in done.stderr
    assert "--resume" in done.stderr
    info = json.loads((tmp_path / "runs" / "late" / "run.json").read_text())
    assert (info["status"], info["exit_code"]) == ("failed", 3)
    assert (
        "timeout: longer than budget.trial_timeout_s = 0.01" in done.stdout
    )  # the summary comes all the same
    # The user reads the reason, allows more, and goes on with the same file.
    space = tmp_path / "tiny.yaml"
    space.write_text(TINY.read_text().replace("trials: 8", "trials: 3"))
    resumed = run(space, "--resume", tmp_path / "runs" / "late", cache=tmp_path / "cache")
    assert resumed.returncode == 0, resumed.stderr
    history = history_of(tmp_path / "runs" / "late")
    assert history.finished == len(history.trials) == 3
    assert len(history.in_state("FAIL")) == 2


@pytest.mark.slow
def test_no_trial_completed(tmp_path: Path) -> None:
    arguments = ("--trials", "2", "--set", "budget.trial_timeout_s=0.01")
    done = run(TINY, "--name", "none", *arguments, cache=tmp_path / "cache")
    assert done.returncode == 4, done.stderr
    assert "none of the 2 trials" in done.stderr


@pytest.mark.slow
def test_a_full_disk_ends_with_8_and_can_be_resumed(tmp_path: Path) -> None:
    """A limit on file sizes stands in for the disk: the ledger hits it in the middle of the search."""
    directory = tmp_path / "runs" / "full"

    with begun(TINY, "--name", "full", cache=tmp_path / "cache") as driver:
        wait_for(lambda: n_finished(directory) >= 1, driver)
        size = (directory / "trials.jsonl").stat().st_size
        resource.prlimit(driver.pid, resource.RLIMIT_FSIZE, (size + 100, resource.RLIM_INFINITY))
        _, said = driver.communicate(timeout=120)
    assert driver.returncode == 8, said
    assert "Traceback" not in said
    assert "--resume" in said
    kept = len(read(directory / "trials.jsonl")[0])
    assert kept >= 3
    done = run("--resume", directory, cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert history_of(directory).finished == 8


def test_sigterm_is_143(tmp_path: Path) -> None:
    directory = tmp_path / "runs" / "terminated"
    with begun(TINY, "--name", "terminated", "--trials", "30", cache=tmp_path / "cache") as driver:
        wait_for(lambda: n_finished(directory) >= 1, driver)
        driver.terminate()
        _, said = driver.communicate(timeout=120)
    assert driver.returncode == 143
    assert "stopped by SIGTERM" in said


@pytest.mark.slow
def test_the_second_ctrl_c_leaves_at_once_and_frees_the_lock(tmp_path: Path) -> None:
    directory = tmp_path / "runs" / "hasty"
    with begun(TINY, "--name", "hasty", "--trials", "30", cache=tmp_path / "cache") as driver:
        wait_for(lambda: n_finished(directory) >= 1, driver)
        driver.send_signal(signal.SIGINT)
        driver.send_signal(signal.SIGINT)
        driver.communicate(timeout=120)
    assert driver.returncode == 130
    assert run("--resume", directory, "--trials", "1", cache=tmp_path / "cache").returncode == 0


@pytest.mark.parametrize("arguments", [("--address", "127.0.0.1:1"), ("--set", "resources.cpu=1000")])
def test_a_cluster_that_is_not_there_or_too_small_is_5(tmp_path: Path, arguments: tuple[str, str]) -> None:
    done = run(TINY, "--name", "x", *arguments, cache=tmp_path / "cache")
    assert done.returncode == 5, done.stderr
    assert "Traceback" not in done.stderr


def test_a_concept_table_that_is_not_there_is_7_before_anything_starts(tmp_path: Path) -> None:
    gone = tmp_path / "strokes.npz"
    table = ("--set", "trial.auxiliary.concepts=0.1", "--set", f"trial.auxiliary.concept_table={gone}")
    done = run(TINY, "--name", "x", *table, cache=tmp_path / "cache")
    assert done.returncode == 7, done.stderr
    assert f"there is no concept table {gone}" in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_place_is_8(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    done = run(TINY, "--out", tmp_path / "runs", cache=Path("/tmp/none"))
    assert done.returncode == 8


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "which space file?"),
        (("nowhere.yaml",), "nowhere.yaml"),
        ((TINY, "--set", "trial.sae.widht=3"), "did you mean"),
        ((TINY, "--trials", "0"), "at least 1"),
        ((TINY, "--name", "../x"), "--name"),
        (("--resume", "x", "--seed", "3"), "--seed"),
        (("--reproduce", "x", "best"), "TRIAL is a number"),
    ],
)
def test_wrong_usage_is_2_and_makes_nothing(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    done = run(*arguments, cache=tmp_path / "cache", timeout=120)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "daemon",
    [
        pytest.param("raylet", marks=pytest.mark.slow),
        pytest.param("gcs_server", marks=pytest.mark.slow),
        pytest.param("ray::RuntimeEnvAgent", marks=pytest.mark.slow),
        pytest.param("ray::DashboardAgent", marks=pytest.mark.slow),
    ],
)
def test_ray_lost_in_the_middle_is_5_and_can_be_resumed(tmp_path: Path, daemon: str) -> None:
    directory = tmp_path / "runs" / "lost"
    with begun(TINY, "--name", "lost", cache=tmp_path / "cache") as driver:
        wait_for(lambda: n_finished(directory) >= 1, driver)
        for process in psutil.Process(driver.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):  # a helper of Ray's that ends just now
                if daemon in (process.name(), process.cmdline()[0]):
                    process.kill()
        _, said = driver.communicate(timeout=120)
    assert driver.returncode == 5, said
    # The raylet does not live without its agents.
    assert f"its {'gcs_server' if daemon == 'gcs_server' else 'raylet'} died" in said
    assert json.loads((directory / "run.json").read_text())["exit_code"] == 5
    assert "--resume" in said
    assert "[state-dump]" not in said
    done = run("--resume", directory, cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert history_of(directory).finished == 8

"""python search/run.py as a user runs it: a whole small search, then what one does with its run directory."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from search.ledger.history import History
from search.ledger.ledger import read_history
from search.space.loader import load_study

ROOT = Path(__file__).parents[3]
TINY = Path(__file__).parents[1] / "spaces" / "tiny.yaml"


def command(*arguments: str | Path) -> list[str]:
    """Without the report, which has tests of its own and costs each of these seconds."""
    return [sys.executable, str(ROOT / "search" / "run.py"), *map(str, arguments), "--no-report"]


def environment(cache: Path) -> dict[str, str]:
    return {**os.environ, "SAE_SEARCH_CACHE": str(cache), "NO_COLOR": "1"}


def run(*arguments: str | Path, cache: Path, timeout: float = 500) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment(cache),
        cwd=cache.parent,
        check=False,
    )


def begun(*arguments: str | Path, cache: Path) -> subprocess.Popen[str]:
    """The same, going on meanwhile."""
    return subprocess.Popen(
        command(*arguments),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(cache),
        cwd=cache.parent,
    )


def history_of(directory: Path) -> History:
    return read_history(directory / "trials.jsonl")


def n_finished(directory: Path) -> int:
    """Trials that ended so far, also before there is a ledger."""
    return history_of(directory).finished if (directory / "trials.jsonl").exists() else 0


def told(history: History) -> list[tuple[object, ...]]:
    """All that must repeat of a history: everything but times."""
    return [
        (
            t.number,
            t.params,
            t.state,
            t.values,
            t.decisions,
            [(r.epoch, r.rung, r.metrics) for r in t.reports],
        )
        for _, t in sorted(history.trials.items())
    ]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """A search of 8 trials on one worker, with --json."""
    root = tmp_path_factory.mktemp("work")
    one_worker = f"resources.cpu={os.cpu_count()}"
    done = run(TINY, "--name", "whole", "--json", "--set", one_worker, cache=root / "cache")
    return done, root / "runs" / "whole"


def test_exit_code_stdout_and_stderr(finished: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, directory = finished
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["run_dir"].endswith("whole")
    assert "tensorboard --logdir runs/whole/trials" in done.stderr.replace("'", "")
    assert "[8/8]" in done.stderr
    assert "\x1b" not in done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads((directory / "run.json").read_text())["status"] == "done"


def test_the_directory_holds_what_it_promises(
    finished: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    _, directory = finished
    history = history_of(directory)
    assert len(history.trials) == history.finished == 8
    assert history.in_state("COMPLETE")
    assert history.in_state("PRUNED")
    assert history.trials[0].origin == "default"
    for record in history.trials.values():
        folder = directory / "trials" / record.folder
        assert json.loads((folder / "params.json").read_text())
        with (folder / "metrics.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert [row["epoch"] for row in rows] == [str(r.epoch) for r in record.reports]
        assert "trial" in (folder / "log.txt").read_text()
        assert list(folder.glob("events.out.tfevents.*"))
        assert record.checkpoint is not None
        assert (folder / record.checkpoint["path"]).is_dir()
    assert load_study(directory / "space.resolved.yaml").study.budget.trials == 8


def test_tensorboard_has_pictures_of_the_default_and_of_the_best(
    finished: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, directory = finished
    for number in {0, *json.loads(done.stdout)["front"]}:
        folder = directory / "trials" / f"{number:04d}"
        reader = EventAccumulator(str(folder))
        reader.Reload()
        for name in ("templates", "attributions"):
            (shown,) = reader.Images(f"pictures/{name}")
            assert shown.encoded_image_string == (folder / "pictures" / f"{name}.png").read_bytes()


def test_no_absolute_path_inside(finished: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    _, directory = finished
    here = str(directory.parent).encode()
    for path in directory.rglob("*"):
        if path.is_file():
            assert here not in path.read_bytes(), path


def test_study_db_opens_and_agrees(finished: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    _, directory = finished
    storage = optuna.storages.RDBStorage(f"sqlite:///{directory / 'study.db'}")
    study = optuna.load_study(study_name="tiny", storage=storage)
    trials = study.get_trials()
    front = {trial.number for trial in study.best_trials}
    storage.remove_session()
    storage.engine.dispose()
    history = history_of(directory)
    assert [(t.number, t.state.name, t.params) for t in trials] == [
        (r.number, r.state, r.params) for _, r in sorted(history.trials.items())
    ]
    assert front == set(json.loads(finished[0].stdout)["front"])


@pytest.mark.slow
def test_the_same_search_again_repeats_exactly(
    finished: tuple[subprocess.CompletedProcess[str], Path], tmp_path: Path
) -> None:
    """Another process, an empty cache, killed in the middle and resumed: the ledger tells the same story."""
    one_worker = f"resources.cpu={os.cpu_count()}"
    arguments = command(TINY, "--name", "again", "--set", one_worker)
    again = tmp_path / "runs" / "again"
    with subprocess.Popen(
        arguments,
        env=environment(tmp_path / "cache"),
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as driver:
        wait_for(lambda: n_finished(again) >= 3, driver)
        driver.kill()
    assert history_of(again).finished < 8
    done = run("--resume", again, cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert told(history_of(again)) == told(history_of(finished[1]))


def test_a_finished_run_goes_on_when_trials_is_raised(
    finished: tuple[subprocess.CompletedProcess[str], Path], tmp_path: Path
) -> None:
    _, directory = finished
    before = told(history_of(directory))
    done = run("--resume", directory, "--trials", "10", cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    history = history_of(directory)
    assert history.finished == len(history.trials) == 10
    assert told(history)[:8] == before


def test_reproduce_says_that_the_metrics_repeat(
    finished: tuple[subprocess.CompletedProcess[str], Path], tmp_path: Path
) -> None:
    _, directory = finished
    done = run("--reproduce", directory, "0", "--json", cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["repeats"] is True
    assert {row["rung"] for row in answer["metrics"]} == {1, 2}
    missing = run("--reproduce", directory, "99", cache=tmp_path / "cache")
    assert missing.returncode == 2
    assert "has no trial 99" in missing.stderr


def test_a_resume_with_another_space_is_refused(
    finished: tuple[subprocess.CompletedProcess[str], Path], tmp_path: Path
) -> None:
    _, directory = finished
    changed = yaml.safe_load(TINY.read_text())
    changed["trial"]["sae"]["k"] = {"int": [2, 7]}
    (tmp_path / "changed.yaml").write_text(yaml.safe_dump(changed))
    done = run(tmp_path / "changed.yaml", "--resume", directory, cache=tmp_path / "cache")
    assert done.returncode == 2
    assert "sae.k" in done.stderr


def test_an_existing_name_is_refused(
    finished: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    root = finished[1].parents[1]
    done = run(TINY, "--name", "whole", cache=root / "cache")
    assert done.returncode == 6
    assert "--resume" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_a_second_driver_and_resume(tmp_path: Path) -> None:
    directory = tmp_path / "runs" / "stopped"
    with begun(TINY, "--name", "stopped", "--trials", "30", cache=tmp_path / "cache") as driver:
        wait_for(lambda: n_finished(directory) >= 2, driver)
        rival = run("--resume", directory, cache=tmp_path / "cache")
        assert rival.returncode == 6
        assert f"process {driver.pid}" in rival.stderr
        driver.send_signal(signal.SIGINT)
        _, said = driver.communicate(timeout=120)
    assert driver.returncode == 130
    assert f"--resume {directory.relative_to(tmp_path)}" in said
    assert "Traceback" not in said
    assert json.loads((directory / "run.json").read_text())["status"] == "interrupted"
    acknowledged = told(history_of(directory))
    done = run("--resume", directory, "--trials", "6", cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    history = history_of(directory)
    n_then = len(acknowledged)
    assert history.finished == len(history.trials) == max(6, n_then)
    for then, now in zip(acknowledged, told(history), strict=False):
        if then[2] != "RUNNING":
            assert now == then


def test_missing_data_is_said_before_anything_is_made(tmp_path: Path) -> None:
    done = run(
        TINY,
        "--set",
        "data={name: mnist}",
        "--set",
        f"data.root={tmp_path / 'nowhere'}",
        cache=tmp_path / "cache",
    )
    assert done.returncode == 7
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


def wait_for(happens: object, driver: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """Until `happens()`; fails if the driver ends before."""
    assert callable(happens)
    deadline = time.monotonic() + 300
    while not happens():
        assert driver.poll() is None, "the driver ended before it was disturbed"
        assert time.monotonic() < deadline
        time.sleep(0.05)

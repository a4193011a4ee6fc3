"""python search/confirm.py as a user runs it, over real Ray: killed, interrupted, resumed, enlarged."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from search.confirmation.subjects import FIRST_FRESH
from search.ledger.events import Session
from search.ledger.history import History
from search.run_dir.inputs import DataMissing, refuse_other_data
from tests.search_tests.end_to_end_tests.test_run import ROOT, TINY, environment, history_of, told, wait_for
from tests.search_tests.end_to_end_tests.test_run import run as run_search
from trainables.confirmation.rungs import CONTROLS, LAST_RUNG

Done = subprocess.CompletedProcess[str]


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, str(ROOT / "search" / "confirm.py"), *map(str, arguments)]


def confirm(*arguments: str | Path, cache: Path, timeout: float = 900) -> Done:
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment(cache),
        cwd=cache.parent,
        check=False,
    )


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished search of two trials, both trained in full; its cache lies beside it."""
    root = tmp_path_factory.mktemp("work")
    small = ("--set", "data.limit=120", "--set", "scheduler={name: none}")
    done = run_search(TINY, "--name", "r", "--trials", "2", *small, cache=root / "cache")
    assert done.returncode == 0, done.stderr
    assert "search/confirm.py runs/r" in done.stdout.replace("'", "")  # quoted where the path has a space
    return root / "runs" / "r"


@pytest.fixture(scope="module")
def undisturbed(searched: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Path]:
    """A confirmation in one go, with --json and a cache of its own."""
    root = tmp_path_factory.mktemp("whole")
    shutil.copytree(searched, root / "runs" / "r")
    run = root / "runs" / "r"
    return confirm(run, "--top", "1", "--seeds", "2", "--json", cache=root / "cache"), run


def document_of(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "confirm" / "results.json").read_text()))


def test_best_and_default_on_fresh_seeds_and_the_test_split(undisturbed: tuple[Done, Path]) -> None:
    done, run = undisturbed
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    document = json.loads(done.stdout)
    assert document_of(run) == {key: value for key, value in document.items() if key != "run_dir"}
    assert 1 <= len(document["subjects"]) <= 2
    assert document["subjects"][-1]["default"]
    for subject in document["subjects"]:
        assert subject["seeds"] == [FIRST_FRESH, FIRST_FRESH + 1]
        assert not subject["failures"]
        assert set(subject["test"]) == {"pipeline", *CONTROLS}
        for scored in subject["test"].values():
            assert scored["probe/accuracy"]["n"] == 2
        assert subject["test"]["pipeline"]["stability/pw_mcc"]["n"] == 2
        assert subject["test"]["pipeline"] != subject["val"]
        assert "probe/accuracy" in subject["gaps"] or subject["default"]
        for name in CONTROLS:
            assert subject["test"][name]["latents/supported"]["n"] == 2
            assert set(subject["minus_controls"][name]) >= {"latents/readable", "sae/l0", "sae/fvu"}
    told = [text for text in document["meaning"] if "the trained SAE is" in text]
    assert len(told) == len(document["subjects"]) - 1, "one sentence a configuration but the default"
    assert f"[{2 * len(document['subjects'])}/" in done.stderr


def test_ledger_files_and_run_json_say_the_same(undisturbed: tuple[Done, Path]) -> None:
    _, run = undisturbed
    history = history_of(run / "confirm")
    assert len(history.in_state("COMPLETE")) == len(history.trials)
    assert all(max(record.rungs) == LAST_RUNG for record in history.trials.values())
    subject = document_of(run)["subjects"][0]
    rows = list(csv.DictReader((run / "confirm" / "seeds.csv").read_text().splitlines()))
    own = [
        float(row["value"])
        for row in rows
        if (row["trial"], row["scored"], row["split"], row["metric"])
        == (str(subject["trial"]), "pipeline", "test", "probe/accuracy")
    ]
    assert sum(own) / 2 == pytest.approx(subject["test"]["pipeline"]["probe/accuracy"]["mean"])
    assert json.loads((run / "confirm" / "run.json").read_text())["status"] == "done"
    assert json.loads((run / "run.json").read_text())["status"] == "done"


def test_gpu_takes_the_place_of_the_space_files(searched: Path, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "r"
    shutil.copytree(searched, run)
    done = confirm(run, "--top", "1", "--seeds", "1", "--gpu", "63", cache=tmp_path / "cache")
    assert done.returncode == 5
    assert "a trial asks for 63 GPUs (resources.gpu), this node has" in done.stderr
    assert "--seeds 1 --gpu 63" in done.stderr


@pytest.mark.slow
def test_killed_locked_and_resumed_it_ends_where_an_undisturbed_one_does(
    searched: Path, undisturbed: tuple[Done, Path]
) -> None:
    cache = searched.parents[1] / "cache"
    arguments = (searched, "--top", "1", "--seeds", "2")
    folder = searched / "confirm"
    with subprocess.Popen(
        command(*arguments),
        env=environment(cache),
        cwd=cache.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as driver:
        wait_for(lambda: (folder / "trials.jsonl").exists() and history_of(folder).finished >= 1, driver)
        driver.send_signal(signal.SIGSTOP)  # still the owner, and not done before the rival has looked
        rival = confirm(*arguments, cache=cache)
        driver.kill()
    assert rival.returncode == 6
    assert f"process {driver.pid}" in rival.stderr
    acknowledged = told(history_of(folder))
    done = confirm(*arguments, cache=cache)
    assert done.returncode == 0, done.stderr
    assert "were done before" in done.stderr
    assert "Test split" in done.stdout
    assert "The sceptic's panel" in done.stdout
    assert "soft-frozen decoder" in done.stdout
    assert "interpretability/score" not in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    for then, now in zip(acknowledged, told(history_of(folder)), strict=False):
        if then[2] == "COMPLETE":
            assert now == then
    assert document_of(searched) == document_of(undisturbed[1])
    again = confirm(*arguments, cache=cache)
    assert again.returncode == 0, again.stderr
    assert told(history_of(folder)) == told(history_of(undisturbed[1] / "confirm"))


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on(undisturbed: tuple[Done, Path]) -> None:
    _, run = undisturbed
    before = told(history_of(run / "confirm"))
    with subprocess.Popen(
        command(run, "--top", "1", "--seeds", "9"),
        env=environment(run.parents[1] / "cache"),
        cwd=run.parents[1],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as driver:
        wait_for(lambda: history_of(run / "confirm").finished > len(before), driver)
        driver.send_signal(signal.SIGINT)
        _, said = driver.communicate(timeout=300)
    assert driver.returncode == 130
    assert "search/confirm.py runs/r --top 1 --seeds 9" in said
    assert "Traceback" not in said
    assert told(history_of(run / "confirm"))[: len(before)] == before
    status = json.loads((run / "confirm" / "run.json").read_text())
    assert (status["status"], status["exit_code"]) == ("interrupted", 130)


def test_mistakes_are_told_by_exit_code(searched: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert confirm(tmp_path, cache=cache).returncode == 6
    missing = confirm(searched, "--trial", "99", cache=cache)
    assert missing.returncode == 2
    assert "no trial 99" in missing.stderr
    assert confirm(searched, "--trial", "1", "--top", "2", cache=cache).returncode == 2
    assert confirm(searched, "--seeds", "0", cache=cache).returncode == 2


def test_other_images_are_refused() -> None:
    history = History()
    refuse_other_data(history, "a" * 64)
    history.apply(Session(time=1.0, target=1, data="a" * 64))
    refuse_other_data(history, "a" * 64)
    with pytest.raises(DataMissing, match="not those"):
        refuse_other_data(history, "b" * 64)

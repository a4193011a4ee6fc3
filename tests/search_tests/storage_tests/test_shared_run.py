"""A run's ledger, state and files reach shared storage, and the search outlives a storage that fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from search.errors import DiskError, SpaceError
from search.ledger.recorder import recording
from search.loggers import tensorboard_events
from search.loggers.all_loggers import loggers
from search.run_dir.run_directory import RunDirectory
from search.storage import shared_run
from search.storage.lease import current
from search.storage.shared_run import Sharing, place_of, sharing
from tests.search_tests.histories import make_params, make_study
from tests.search_tests.shared_runs import directory, driving, often, one_trial, shared_ledger, until
from trainables.storage import checkpoint
from trainables.storage.object_store import Store, below
from trainables.storage.trial_storage import TrialStorage
from trainables.workers.messages import StepReport

__all__ = ["directory", "often"]

pytestmark = pytest.mark.usefixtures("often")


def test_the_pieces_laid_end_to_end_are_the_ledger(place: str, directory: RunDirectory) -> None:
    run = below(place, "r")
    with driving(directory, run) as (recorder, _):
        for number in range(3):
            one_trial(recorder, number)
            until(lambda: shared_ledger(run) == directory.ledger.read_bytes())
    driver = current(Store(run))
    assert driver is not None
    assert driver.ended
    assert len(Store(run).sizes(f"ledger/{driver.id}")) >= 3
    assert shared_ledger(run) == directory.ledger.read_bytes()
    assert Store(run).get("space.resolved.yaml") == b"name: s  # resolved\n"
    assert json.loads(Store(run).get("run.json"))["driver"]["epoch"] == 1


def test_an_interrupted_search_is_there_too(place: str, directory: RunDirectory) -> None:
    run = below(place, "r")
    with pytest.raises(KeyboardInterrupt), driving(directory, run) as (recorder, _):  # noqa: PT012
        one_trial(recorder, 0)
        raise KeyboardInterrupt
    assert shared_ledger(run) == directory.ledger.read_bytes()


def test_the_drivers_files_of_the_trials_are_there(tmp_path: Path, directory: RunDirectory) -> None:
    files = {"params.json": "{}", "metrics.csv": "a\n1\n", "events.out.tfevents.1": "tf"}
    with driving(directory, str(tmp_path / "shared")) as (recorder, _):
        one_trial(recorder, 0)
        (directory.trials / "0000").mkdir()
        for name, text in files.items():
            (directory.trials / "0000" / name).write_text(text)
    shared = tmp_path / "shared" / "trials" / "0000"
    assert {path.name: path.read_text() for path in shared.iterdir()} == files
    # study.db, LOCK and the ledger as a file stay on the driver's disk.
    assert sorted(p.name for p in (tmp_path / "shared").iterdir()) == [
        "drivers",
        "ledger",
        "run.json",
        "space.resolved.yaml",
        "space.yaml",
        "trials",
    ]


def test_a_tensorboard_on_the_storage_follows_a_running_search(
    tmp_path: Path, directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its fast loader keeps a file open; its other one opens it anew."""
    monkeypatch.setattr(tensorboard_events, "FLUSH_SECONDS", 0.0)
    study = make_study(trials=3)
    shared = tmp_path / "shared"
    params = make_params()
    with (
        sharing(directory, str(shared)) as held,
        recording(
            directory.ledger, lambda history: [*loggers(study, directory, history), *held.loggers]
        ) as recorder,
    ):
        recorder.session(host="test", target=3)
        recorder.suggest(0, params, "sampler")
        recorder.results(0, [StepReport(1, None, {"m": 0.5})], None)
        until(lambda: points(shared) == [(1, 0.5)])
        [path] = (shared / "trials" / "0000").glob("events.out.tfevents.*")
        with path.open("rb") as reader:
            assert reader.read()
            recorder.results(0, [StepReport(2, 1, {"m": 0.25})], None)
            until(lambda: points(shared) == [(1, 0.5), (2, 0.25)])
            assert reader.read()


def points(shared: Path) -> list[tuple[int, float]]:
    """What TensorBoard reads of trial 0's metric m."""
    accumulator = EventAccumulator(str(shared / "trials" / "0000"))
    if not (shared / "trials" / "0000").is_dir():
        return []
    accumulator.Reload()
    there = "m" in accumulator.Tags()["scalars"]
    return [(event.step, event.value) for event in accumulator.Scalars("m")] if there else []


def test_coming_home_leaves_the_ledger_its_turn(
    tmp_path: Path, directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trials come home slowly: the ledger gets there in between, and at the end all are here."""
    monkeypatch.setattr(shared_run, "FILES_WITHIN_S", 0.0)
    run, n_trials = str(tmp_path / "shared"), 20
    records = []
    for number in range(n_trials):
        node = tmp_path / "node" / f"{number:04d}"
        records.append(checkpoint.save(node, {"w": torch.ones(2)}, {"epoch": 1, "rung": 1}))
        TrialStorage(Store(run)).push(node, "k")
    with driving(directory, run) as (recorder, _):
        for number, record in enumerate(records):
            one_trial(recorder, number, record)
        until(lambda: shared_ledger(run) == directory.ledger.read_bytes())
        assert len(list(directory.trials.glob("*/checkpoint"))) < n_trials
    assert len(list(directory.trials.glob("*/checkpoint"))) == n_trials


def test_a_trial_that_ended_on_another_node_is_brought_home(
    place: str, tmp_path: Path, directory: RunDirectory
) -> None:
    run = below(place, "r")
    node = tmp_path / "node" / "0000"
    record = checkpoint.save(node, {"w": torch.ones(2)}, {"epoch": 1, "rung": 1})
    (node / "log.txt").write_text("from the node")
    TrialStorage(Store(run)).push(node, "k")
    with driving(directory, run) as (recorder, _):
        one_trial(recorder, 0, record)
        until(lambda: checkpoint.load_newest(directory.trials / "0000") is not None)
    assert (directory.trials / "0000" / "log.txt").read_text() == "from the node"


def test_a_trial_that_never_got_to_the_storage_is_told(
    tmp_path: Path, directory: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    with driving(directory, str(tmp_path / "shared")) as (recorder, _):
        one_trial(recorder, 0, {"path": "checkpoint/e000001-r1", "sha256": "0"})
    assert "trials 0000 left their last checkpoint on a node" in capsys.readouterr().err


def test_a_storage_that_fails_in_the_middle_fails_nothing(
    tmp_path: Path, directory: RunDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    shared = tmp_path / "shared"
    with driving(directory, str(shared)) as (recorder, held):
        one_trial(recorder, 0)
        shared.rename(tmp_path / "gone")
        shared.write_text("not a folder any more")
        one_trial(recorder, 1)
        until(lambda: "the search goes on" in caplog.text)
        held.checks[0]()
        shared.unlink()
        (tmp_path / "gone").rename(shared)
        until(lambda: "works again" in caplog.text)
        one_trial(recorder, 2)
    assert shared_ledger(str(shared)) == directory.ledger.read_bytes()
    assert caplog.text.count("the search goes on") == 1


def test_a_storage_that_stays_away_is_told_at_the_end_and_the_next_resume_brings_all(
    tmp_path: Path, directory: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = tmp_path / "shared"
    with driving(directory, str(shared)) as (recorder, _):
        one_trial(recorder, 0)
        shared.rename(tmp_path / "gone")
        shared.write_text("not a folder any more")
        one_trial(recorder, 1)
    told = capsys.readouterr().err
    assert told.startswith("error: not all of this run is in ")
    assert len(told.splitlines()) == 1
    shared.unlink()
    (tmp_path / "gone").rename(shared)
    assert shared_ledger(str(shared)) != directory.ledger.read_bytes()
    with driving(directory, str(shared)):
        pass
    assert shared_ledger(str(shared)) == directory.ledger.read_bytes()


def test_a_place_that_somebody_emptied_is_filled_again(tmp_path: Path, directory: RunDirectory) -> None:
    shared = tmp_path / "shared"
    with driving(directory, str(shared)) as (recorder, _):
        one_trial(recorder, 0)
        until(lambda: shared_ledger(str(shared)) == directory.ledger.read_bytes())
        shared.rename(tmp_path / "gone")
        one_trial(recorder, 1)
    assert shared_ledger(str(shared)) == directory.ledger.read_bytes()
    assert (shared / "space.yaml").exists()


def test_a_storage_that_cannot_be_used_ends_the_start(tmp_path: Path, directory: RunDirectory) -> None:
    (tmp_path / "shared").write_text("a file")
    with (
        pytest.raises(DiskError, match="cannot be used"),
        driving(directory, str(tmp_path / "shared" / "r")),
    ):
        pass


@pytest.mark.parametrize("place", ["ftp://host/x", "s3://"])
def test_what_is_no_place_is_the_user_s_mistake(directory: RunDirectory, place: str) -> None:
    with pytest.raises(SpaceError, match="--storage"), driving(directory, place):
        pass


def test_without_storage_nothing_is_written_about_it(directory: RunDirectory) -> None:
    before = sorted(directory.path.iterdir())
    with sharing(directory, None) as shared:
        assert shared == Sharing()
    assert sorted(directory.path.iterdir()) == before


def test_where_a_run_is_shared(directory: RunDirectory) -> None:
    assert place_of(directory, None) is None
    assert place_of(directory, "s3://b/p?region=x") == "s3://b/p/r?region=x"
    directory.write_info(storage="/shared/r")
    assert place_of(directory, None) == "/shared/r"
    assert place_of(directory, "none") is None
    with pytest.raises(SpaceError, match="a password in the address"):
        place_of(directory, "s3://key:secret@b/p")

"""One driver has a shared run, and another may go on with it elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.errors import ExitCode, Halt, RunDirectoryError
from search.ledger.ledger import read
from search.run_dir.run_directory import RunDirectory
from search.storage import lease, shared_run
from search.storage.lease import Lease, current, sign
from search.storage.ledger_segments import Segments, collect
from search.storage.restore import bring_home, is_shared
from search.storage.shared_run import Sharing
from tests.search_tests.shared_runs import (
    SPACES,
    directory,
    driving,
    often,
    one_trial,
    shared_ledger,
    until,
)
from trainables.storage.object_store import Store, below

__all__ = ["directory", "often"]

pytestmark = pytest.mark.usefixtures("often")


def test_the_highest_epoch_drives_and_of_two_the_smaller_owner(place: str) -> None:
    store = Store(place)
    assert current(store) is None
    for epoch, owner in ((1, "ffffffff"), (2, "bbbbbbbb"), (2, "aaaaaaaa")):
        sign(store, Lease(epoch, owner, "h", 1, 0.0))
    now = current(store)
    assert now is not None
    assert now.id == "000002-aaaaaaaa"
    assert now.is_alive
    sign(store, now, ended=True)
    later = current(store)
    assert later is not None
    assert not later.is_alive


def test_a_gap_ends_what_is_known(place: str, tmp_path: Path) -> None:
    store, path = Store(place), tmp_path / "trials.jsonl"
    segments = Segments(store, "000001-aaaaaaaa", path)
    for line in (b"first\n", b"second\n", b"third\n"):
        with path.open("ab") as file:
            file.write(line)
        segments.flush(path.stat().st_size)
    assert collect(store, "000001-aaaaaaaa") == path.read_bytes()
    store.remove("ledger/000001-aaaaaaaa/000000000006.jsonl")
    assert collect(store, "000001-aaaaaaaa") == b"first\n"


def test_only_acknowledged_lines_leave(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    path.write_bytes(b"acknowledged\nnot yet")
    segments = Segments(Store(str(tmp_path / "shared")), "000001-aaaaaaaa", path)
    segments.flush(len(b"acknowledged\n"))
    assert collect(Store(str(tmp_path / "shared")), "000001-aaaaaaaa") == b"acknowledged\n"


def test_elsewhere_the_run_is_what_the_storage_knows(
    place: str, tmp_path: Path, directory: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    run = below(place, "r")
    with driving(directory, run) as (recorder, _):
        one_trial(recorder, 0)
    assert is_shared(run)
    assert not is_shared(str(directory.path))
    there = bring_home(run, tmp_path / "elsewhere", take_over=False)
    assert "1 trials, 1 ended" in capsys.readouterr().err
    assert there.ledger.read_bytes() == directory.ledger.read_bytes()
    assert there.resolved_space.read_text() == SPACES["space.resolved.yaml"]
    assert there.path == tmp_path / "elsewhere" / "r"
    there.release()
    with pytest.raises(RunDirectoryError, match="exists already"):
        bring_home(run, tmp_path / "elsewhere", take_over=False)


def test_a_driver_that_may_live_is_not_robbed_unless_asked(
    place: str, tmp_path: Path, directory: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    """And when it was: the old one notices, stops with exit 6, and spoils nothing."""
    run = below(place, "r")
    with pytest.raises(RunDirectoryError) as stopped, driving(directory, run) as (recorder, old):  # noqa: PT012
        one_trial(recorder, 0)
        until(lambda: shared_ledger(run) == directory.ledger.read_bytes())
        with pytest.raises(RunDirectoryError, match="seems to be driven by process"):
            bring_home(run, tmp_path / "elsewhere", take_over=False)
        there = bring_home(run, tmp_path / "elsewhere", take_over=True)
        assert "is not known here" in capsys.readouterr().err
        with driving(there, run) as (heir, new):
            one_trial(recorder, 1)
            one_trial(heir, 1)
            until(lambda: _halts(old))
            new.checks[0]()
        there.release()
        old.checks[0]()
    assert "another driver has taken over this run" in str(stopped.value)
    assert stopped.value.exit_code == ExitCode.RUN_DIRECTORY
    assert shared_ledger(run) == there.ledger.read_bytes() != directory.ledger.read_bytes()
    # The old run directory is no rightful heir either.
    with pytest.raises(RunDirectoryError, match="another driver's run"), driving(directory, run):
        pass


def test_a_run_can_be_taken_over_from_the_moment_its_driver_shows(
    place: str, tmp_path: Path, directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_run, "FLUSH_EVERY_S", 1000.0)
    run = below(place, "r")
    with driving(directory, run):
        there = bring_home(run, tmp_path / "elsewhere", take_over=True)
    there.release()
    assert {name: (there.path / name).read_text() for name in SPACES} == SPACES


def test_a_dead_driver_is_succeeded_without_asking(
    tmp_path: Path, directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = str(tmp_path / "shared")
    with driving(directory, run) as (recorder, _):
        one_trial(recorder, 0)
    dead = current(Store(run))
    assert dead is not None
    sign(Store(run), dead)
    monkeypatch.setattr(lease, "FRESH_S", -1.0)
    there = bring_home(run, tmp_path / "elsewhere", take_over=False)
    assert read(there.ledger)[0] == read(directory.ledger)[0]
    there.release()


def test_lines_that_no_driver_wrote_are_left_out(tmp_path: Path, directory: RunDirectory) -> None:
    run = str(tmp_path / "shared")
    with driving(directory, run) as (recorder, _):
        one_trial(recorder, 0)
    whole = shared_ledger(run)
    driver = current(Store(run))
    assert driver is not None
    Store(run).put(f"ledger/{driver.id}/{len(whole):012d}.jsonl", b'{"crc":"00000000","event":"end"}\n')
    there = bring_home(run, tmp_path / "elsewhere", take_over=False)
    assert there.ledger.read_bytes() == whole
    there.release()


@pytest.mark.parametrize("missing", ["drivers", "space.resolved.yaml", "run.json"])
def test_a_place_without_a_whole_run_is_refused(
    tmp_path: Path, directory: RunDirectory, missing: str
) -> None:
    run = tmp_path / "shared"
    with driving(directory, str(run)):
        pass
    (run / missing).rename(tmp_path / "away")
    if missing == "run.json":
        bring_home(str(run), tmp_path / "elsewhere", take_over=False).release()
        return
    with pytest.raises(RunDirectoryError):
        bring_home(str(run), tmp_path / "elsewhere", take_over=False)
    assert not (tmp_path / "elsewhere").exists()


def _halts(shared: Sharing) -> bool:
    try:
        shared.checks[0]()
    except Halt:
        return True
    return False

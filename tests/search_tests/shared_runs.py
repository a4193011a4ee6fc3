"""Runs that are shared through a storage, for tests: their directory, and what a search does around them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from search.ledger.recorder import Recorder, recording
from search.run_dir.run_directory import RunDirectory, create
from search.storage import shared_run
from search.storage.lease import current
from search.storage.ledger_segments import collect
from search.storage.shared_run import Sharing, sharing
from trainables.storage.object_store import Store
from trainables.workers.messages import StepReport

SPACES = {"space.yaml": "name: s\n", "space.resolved.yaml": "name: s  # resolved\n"}


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not wait ten seconds for a flush."""
    monkeypatch.setattr(shared_run, "FLUSH_EVERY_S", 0.05)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[RunDirectory]:
    made = create(tmp_path / "runs", "s", "r", SPACES)
    yield made
    made.release()


@contextmanager
def driving(directory: RunDirectory, place: str) -> Iterator[tuple[Recorder, Sharing]]:
    """What a search does around its trials."""
    with (
        sharing(directory, place) as shared,
        recording(directory.ledger, lambda _: list(shared.loggers)) as recorder,
    ):
        recorder.session(host="test", target=3)
        yield recorder, shared


def one_trial(recorder: Recorder, number: int, record: dict[str, str] | None = None) -> None:
    recorder.suggest(number, {"sae.k": number}, "sampler")
    recorder.results(number, [StepReport(1, 1, {"m": 0.5})], record)
    recorder.end(number, "COMPLETE", values=[0.5])


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def shared_ledger(place: str) -> bytes:
    store = Store(place)
    driver = current(store)
    assert driver is not None
    return collect(store, driver.id)

"""Listeners that fail: a disk error, never in the place of a worse one, and the others are still closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from search.errors import DiskError, Halt, TooManyFailures
from search.ledger.history import History
from search.ledger.ledger import read
from search.ledger.recorder import recording
from tests.search_tests.histories import make_params

FULL = OSError(28, "No space left on device", "metrics.csv")


class Follower:
    """A logger that fails where it is told to."""

    def __init__(self, *, on_event: bool = False, on_close: bool = False) -> None:
        self._on_event, self._on_close = on_event, on_close
        self.closed = False

    def on_events(self, events: Sequence[Mapping[str, Any]], history: History) -> None:
        del events, history
        if self._on_event:
            raise FULL

    def close(self) -> None:
        self.closed = True
        if self._on_close:
            raise FULL


def test_a_listener_that_cannot_write_ends_the_run_after_the_fact_is_safe(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    with (
        pytest.raises(DiskError, match=r"metrics\.csv: cannot write: No space left"),
        recording(path, lambda _: [Follower(on_event=True)]) as recorder,
    ):
        recorder.suggest(0, make_params(), "default")
    assert len(read(path)[0]) == 1


def test_a_listener_that_cannot_start_is_a_disk_error(tmp_path: Path) -> None:
    def start(_: History) -> list[Follower]:
        raise FULL

    with pytest.raises(DiskError), recording(tmp_path / "trials.jsonl", start):
        raise AssertionError("never entered")


def test_every_listener_is_closed_and_a_failing_end_is_told(tmp_path: Path) -> None:
    first, second = Follower(on_close=True), Follower()
    with pytest.raises(DiskError), recording(tmp_path / "trials.jsonl", lambda _: [first, second]):
        pass
    assert second.closed


def test_a_failing_end_does_not_hide_why_the_run_stopped(tmp_path: Path) -> None:
    with (
        pytest.raises(TooManyFailures),
        recording(tmp_path / "trials.jsonl", lambda _: [Follower(on_close=True)]),
    ):
        raise Halt(TooManyFailures("11 trials failed"))

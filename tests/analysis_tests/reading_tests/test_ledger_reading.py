"""A ledger that grows, is torn, damaged, cut, or forged, read by somebody who only looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.reading.ledger_reading import LedgerFollower
from search.ledger.events import Event, Result, Suggest, dump
from search.ledger.history import fold
from search.ledger.ledger import encode
from search.version import VERSION
from tests.search_tests.histories import typical_run

RUN = typical_run()
LINES = [encode(dump(event)) for event in RUN.events]
CONTENT = b"".join(LINES)


def write(path: Path, content: bytes) -> LedgerFollower:
    path.write_bytes(content)
    follower = LedgerFollower(path)
    follower.poll()
    return follower


def test_a_whole_ledger_is_the_history_that_was_written(tmp_path: Path) -> None:
    follower = write(tmp_path / "trials.jsonl", CONTENT)
    assert follower.history == RUN.history == fold(RUN.events)
    assert follower.complaints() == []
    assert follower.newest == RUN.events[-1].time


@pytest.mark.parametrize(("step", "lines"), [(1, 2), (97, 30), (1000, len(LINES))])
def test_a_growing_ledger_is_read_in_whole_lines(tmp_path: Path, step: int, lines: int) -> None:
    path = tmp_path / "trials.jsonl"
    content = b"".join(LINES[:lines])
    follower = write(path, b"")
    seen: list[Event] = []
    for end in range(0, len(content) + step, step):
        path.write_bytes(content[:end])
        seen += follower.events()
        assert seen == RUN.events[: content[:end].count(b"\n")]
        assert follower.complaints(being_written=True) == []
    assert follower.history == fold(seen)


def test_an_event_comes_right_after_it_became_history(tmp_path: Path) -> None:
    follower = write(tmp_path / "trials.jsonl", b"")
    follower.path.write_bytes(CONTENT)
    known = 0
    for event in follower.events():
        known += isinstance(event, Suggest)
        assert len(follower.history.trials) == known


def test_a_torn_tail_is_no_event(tmp_path: Path) -> None:
    follower = write(tmp_path / "trials.jsonl", CONTENT[:-1])
    assert follower.history == fold(RUN.events[:-1])
    assert follower.complaints() == ["trials.jsonl: the last line is torn; it was never acknowledged"]
    assert follower.complaints(being_written=True) == []


def test_what_is_whole_before_and_after_damage_is_taken(tmp_path: Path) -> None:
    lines = list(LINES)
    rung = next(i for i, event in enumerate(RUN.events) if isinstance(event, Result) and event.rung == 1)
    lines[rung] = lines[rung].replace(b"0.", b"1.", 1)
    follower = write(tmp_path / "trials.jsonl", b"".join(lines))
    assert follower.history == fold(RUN.events[:rung] + RUN.events[rung + 1 :])
    assert follower.complaints() == [
        f"trials.jsonl: line {rung + 1} cannot be read; what is whole before and after was taken"
    ]


def test_records_of_a_trial_whose_beginning_is_lost_are_left_out(tmp_path: Path) -> None:
    first = next(i for i, event in enumerate(RUN.events) if isinstance(event, Suggest))
    lost = sum(getattr(event, "trial", None) == 0 for event in RUN.events) - 1
    follower = write(tmp_path / "trials.jsonl", b"".join([*LINES[:first], b"\0\0\0\n", *LINES[first + 1 :]]))
    assert sorted(follower.history.trials) == sorted(set(RUN.history.trials) - {0})
    assert follower.orphans == lost
    assert f"{lost} records left out" in follower.complaints()[1]


def test_a_ledger_that_was_cut_is_read_again(tmp_path: Path) -> None:
    """A driver that resumes cuts a torn tail; one that found the disk full takes back what it wrote."""
    path = tmp_path / "trials.jsonl"
    follower = write(path, CONTENT)
    path.write_bytes(b"".join(LINES[:5]))
    assert list(follower.events()) == RUN.events[:5]
    assert follower.history == fold(RUN.events[:5])
    assert follower.complaints() == []


def test_many_damaged_lines_are_not_all_listed(tmp_path: Path) -> None:
    follower = write(tmp_path / "trials.jsonl", b"x\n" * 9 + CONTENT)
    assert follower.complaints()[0].startswith("trials.jsonl: lines 1, 2, 3, 4, 5 and 4 more cannot be read")


FORGED: list[dict[str, Any]] = [
    {"event": "suggest", "trial": "0", "params": {}, "origin": "x"},
    {"event": "suggest", "trial": True, "params": {}, "origin": "x"},
    {"event": "suggest", "trial": -1, "params": {}, "origin": "x"},
    {"event": "suggest", "trial": [], "params": {}, "origin": "x"},
    {"event": "suggest", "trial": 50, "params": {"a": []}, "origin": "x"},
    {"event": "suggest", "trial": 50, "params": {"a" * 501: 1}, "origin": "x"},
    {"event": "suggest", "trial": 50, "params": [], "origin": "x"},
    {"event": "suggest", "trial": 50, "params": {}},
    {"event": "result", "trial": 0, "epoch": 99, "rung": None, "metrics": {"m": "1"}, "checkpoint": None},
    {"event": "result", "trial": 0, "epoch": 99, "rung": None, "metrics": {"m": 10**400}, "checkpoint": None},
    {"event": "result", "trial": 0, "epoch": 99, "rung": 0.5, "metrics": {}, "checkpoint": None},
    {"event": "result", "trial": 0, "epoch": 99, "metrics": {}, "checkpoint": None},
    {"event": "end", "trial": 9, "state": "RUNNING", "reason": None, "values": None},
    {"event": "end", "trial": 9, "state": "COMPLETE", "reason": None, "values": ["1"]},
    {"event": "end", "trial": 9, "state": {}, "reason": None, "values": None},
    {"event": "decision", "trial": 9, "rung": 1, "action": 5},
    {"event": "retry", "trial": 9, "reason": None},
    {"event": "session", "target": "many"},
    {"event": "session"},
]


@pytest.mark.parametrize("event", FORGED, ids=lambda event: json.dumps(event)[:60])
def test_a_forged_event_with_a_right_sum_is_left_out(tmp_path: Path, event: dict[str, Any]) -> None:
    follower = write(tmp_path / "trials.jsonl", CONTENT + encode({**event, "time": 1.0}))
    assert follower.history == RUN.history
    assert follower.orphans == 1


@pytest.mark.parametrize("record", [{"event": ["session"]}, {"event": "dance", "trial": 0}, {}])
def test_an_unknown_event_is_left_out_and_told(tmp_path: Path, record: dict[str, Any]) -> None:
    follower = write(tmp_path / "trials.jsonl", CONTENT + encode({**record, "time": 1.0}))
    assert follower.history == RUN.history
    (told,) = follower.complaints()
    assert told.startswith(
        f"trials.jsonl: line {len(LINES) + 1} left out: sae-search {VERSION} does not know"
    )


def test_infinity_spelt_as_a_number_is_left_out(tmp_path: Path) -> None:
    rest = b'"event":"suggest","origin":"x","params":{},"time":1e999,"trial":50}'
    follower = write(
        tmp_path / "trials.jsonl", CONTENT + b'{"crc":"%08x",' % crc32(b"{" + rest) + rest + b"\n"
    )
    assert follower.history == RUN.history
    assert (follower.orphans, follower.damaged) == (1, [])


FIELDS = (
    *("trial", "params", "origin", "epoch", "rung", "metrics"),
    *("checkpoint", "action", "reason", "state", "values", "target", "time"),
)
scalars = st.none() | st.booleans() | st.integers(-2, 60) | st.floats(allow_nan=False) | st.text(max_size=3)
anything = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=3), scalars, max_size=2)


@settings(max_examples=300)
@given(
    st.fixed_dictionaries(
        {"event": st.sampled_from(["session", "suggest", "result", "decision", "retry", "end"])},
        optional={name: anything for name in FIELDS},
    )
)
def test_no_event_makes_a_history_that_cannot_be_read(event: dict[str, Any]) -> None:
    follower = LedgerFollower(Path("trials.jsonl"))
    try:
        line = encode(event)
    except ValueError:  # an infinite number
        return
    follower._take(line[:-1])
    for record in follower.history.trials.values():
        assert record.folder
        assert all(isinstance(value, int | float) for value in record.metrics.values())

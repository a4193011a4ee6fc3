"""The ledger under torn writes, damage, a full disk, and any text."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.errors import DiskError, RunDirectoryError
from search.ledger.events import Event, Result, Suggest, dump
from search.ledger.history import fold
from search.ledger.ledger import Ledger, decode, encode, read, read_history
from search.version import VERSION

EVENTS: list[Event] = [
    Suggest(time=0.1 * i, trial=i, params={"sae.k": i, "näme": 1e-3}, origin="sampler") for i in range(5)
]
LINES = [encode(dump(event)) for event in EVENTS]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=10,
)


def written(path: Path, events: list[Event]) -> None:
    ledger, _ = Ledger.open(path)
    with ledger:
        ledger.append(events)


@settings(max_examples=200)
@given(st.dictionaries(st.text().filter(lambda key: key != "crc"), json_values, min_size=1, max_size=5))
def test_any_event_comes_back_and_stays_on_one_line(event: dict[str, object]) -> None:
    line = encode(event)
    assert line.count(b"\n") == 1
    assert decode(line[:-1]) == event


def test_reopening_appends(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    written(path, EVENTS[:2])
    written(path, EVENTS[2:])
    assert read(path)[0] == EVENTS


def test_a_tail_torn_at_any_byte_is_cut_and_the_rest_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "trials.jsonl"
    written(path, EVENTS)
    whole = path.read_bytes()
    last = len(LINES[-1])
    for cut in range(1, last):
        path.write_bytes(whole[:-cut])
        ledger, history = Ledger.open(path)
        assert history == fold(EVENTS[:-1])
        with ledger:
            ledger.append([EVENTS[-1]])
        assert path.read_bytes() == whole
    assert "cut a torn last line" in caplog.text


def test_a_tail_of_nul_bytes_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    written(path, EVENTS)
    with path.open("ab") as file:
        file.write(b"\0" * 4096)
    ledger, history = Ledger.open(path)
    ledger.close()
    assert history == fold(EVENTS)
    assert read(path)[0] == EVENTS


def test_a_last_write_of_which_the_first_sector_never_came_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    written(path, EVENTS)
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    path.write_bytes(whole.removesuffix(last) + bytes(10) + last[10:])
    ledger, history = Ledger.open(path)
    ledger.close()
    assert history == fold(EVENTS[:-1])
    assert path.read_bytes() == whole.removesuffix(last)


def refused(path: Path, content: bytes) -> str:
    """What a driver says of a ledger that it does not take; the file must be as it was."""
    path.write_bytes(content)
    with pytest.raises(RunDirectoryError) as told:
        Ledger.open(path)
    assert path.read_bytes() == content
    return str(told.value)


def test_a_hole_before_a_whole_line_is_refused(tmp_path: Path) -> None:
    lines = list(LINES)
    lines[3] = bytes(10) + lines[3][10:]
    assert "trials.jsonl:4: this ledger line is damaged" in refused(
        tmp_path / "trials.jsonl", b"".join(lines)
    )


@pytest.mark.parametrize("damaged", [[1], [3], [5], [4, 5], [1, 2, 3, 4, 5]])
def test_damage_is_refused_with_its_first_line_wherever_it_is(tmp_path: Path, damaged: list[int]) -> None:
    lines = list(LINES)
    for line in damaged:
        lines[line - 1] = lines[line - 1].replace(b'"trial":', b'"trial" :9')
    told = refused(tmp_path / "trials.jsonl", b"".join(lines))
    assert f"trials.jsonl:{damaged[0]}: this ledger line is damaged" in told
    assert told.endswith("Nothing was changed.")
    if damaged[0] > 1:
        assert f"head -n {damaged[0] - 1}" in told


def test_a_ledger_with_the_line_ends_of_another_system_is_refused(tmp_path: Path) -> None:
    told = refused(tmp_path / "trials.jsonl", b"".join(LINES).replace(b"\n", b"\r\n"))
    assert "trials.jsonl:1: the line ends in CR LF" in told
    assert "sed -i" in told


@pytest.mark.parametrize(
    "content", [b"SQLite format 3", b"\x1f\x8b\x08 packed", b'{"v":2,"event":"session"}']
)
def test_another_format_is_refused_with_or_without_lines(tmp_path: Path, content: bytes) -> None:
    for ending in (b"", b"\n"):
        told = refused(tmp_path / "trials.jsonl", content + ending)
        assert "trials.jsonl:1: this ledger line is damaged or of another format" in told


def test_an_event_of_a_newer_version_is_refused_with_line_and_versions(tmp_path: Path) -> None:
    session = encode({"event": "session", "target": 3, "time": 1.0, "version": "7.1.0"})
    archive = encode({"event": "archive", "time": 2.0, "cell": [1, 2]})
    told = refused(tmp_path / "trials.jsonl", session + archive + LINES[0])
    assert f"trials.jsonl:2: the event 'archive' is unknown to sae-search {VERSION};" in told
    assert "this run was written by 7.1.0" in told


def test_an_event_that_no_version_wrote_is_refused(tmp_path: Path) -> None:
    odd = encode({"event": "suggest", "trial": 5, "params": [1], "origin": "sampler", "time": 1.0})
    told = refused(tmp_path / "trials.jsonl", b"".join(LINES) + odd)
    assert "trials.jsonl:6: the params of this 'suggest' cannot be '[1]'" in told


@pytest.mark.parametrize("lost", [0, 2])
def test_a_lost_suggest_line_is_noticed(tmp_path: Path, lost: int) -> None:
    result = encode(dump(Result(time=9.0, trial=lost, epoch=1, rung=None, metrics={})))
    told = refused(tmp_path / "trials.jsonl", b"".join([*LINES[:lost], *LINES[lost + 1 :], result]))
    assert f"trials.jsonl:{lost + 1}: this is of trial {lost + 1}, but trial {lost} was never begun" in told
    told = refused(tmp_path / "trials.jsonl", LINES[0] + encode(dump(Result(1.0, 1, 1, None, {}))))
    assert "trials.jsonl:2: this is of trial 1, but trial 1 was never begun" in told


def test_a_key_that_a_newer_version_adds_is_borne(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    path.write_bytes(encode({**dump(EVENTS[0]), "weight": 0.5}))
    assert read_history(path) == fold(EVENTS[:1])


def test_one_flipped_digit_is_noticed() -> None:
    line = encode({"event": "end", "trial": 7, "values": [0.91]})
    assert decode(line[:-1].replace(b"0.91", b"0.99")) is None


def test_a_full_disk_leaves_what_was_acknowledged(tmp_path: Path) -> None:
    """The limit on the file's size stands in for a full disk: the write is cut short and then refused."""
    path = tmp_path / "trials.jsonl"
    ledger, _ = Ledger.open(path)
    ledger.append(EVENTS[:2])
    size = path.stat().st_size
    previous = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, previous[1]))
    try:
        with pytest.raises(DiskError, match="free some space and resume"):
            ledger.append(EVENTS[2:])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, previous)
        signal.signal(signal.SIGXFSZ, handler)
    with pytest.raises(DiskError, match="earlier write failed"):
        ledger.append(EVENTS[2:])
    ledger.close()
    assert read(path)[0] == EVENTS[:2]
    written(path, EVENTS[2:])
    assert read(path)[0] == EVENTS


KILLED_WRITER = """
import sys
import zlib
from pathlib import Path
from search.ledger.events import Suggest
from search.ledger.ledger import Ledger
ledger, _ = Ledger.open(Path(sys.argv[1]))
n = 0
while True:
    ledger.append([Suggest(0.0, n, {"pad": "y" * 500}, "sampler")])
    sys.stdout.write(f"{n}\\n"); sys.stdout.flush()
    n += 1
"""


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED_WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=os.getcwd()
    )
    assert writer.stdout is not None
    acknowledged = -1
    for line in writer.stdout:
        acknowledged = int(line)
        if acknowledged == 50:
            writer.kill()
            break
    acknowledged = max([acknowledged, *(int(line) for line in writer.stdout)])
    writer.stdout.close()
    writer.wait()
    ledger, history = Ledger.open(path)
    ledger.close()
    assert list(history.trials)[: acknowledged + 1] == list(range(acknowledged + 1))


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b'{"crc":"00000000","event":"x"}', id="a wrong sum"),
        pytest.param(encode({"event": "x"})[:-1].replace(b'"event":', b'"event": '), id="spelt otherwise"),
        pytest.param(b'{"event":"x"}', id="no sum"),
        pytest.param(b"[1]", id="no object"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_line_of_a_ledger(line: bytes) -> None:
    assert decode(line) is None


@pytest.mark.parametrize("value", ["NaN", "Infinity", "[" * 100_000])
def test_a_forged_line_with_a_right_sum_is_no_event_and_no_crash(value: str) -> None:
    rest = f'"event":{value}}}'.encode()
    assert decode(b'{"crc":"%08x",' % zlib.crc32(b"{" + rest) + rest) is None

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
from search.ledger.ledger import Ledger, decode, encode, read

EVENTS = [
    {"event": "suggest", "trial": i, "params": {"sae.k": i, "näme": 1e-3}, "time": 0.1 * i} for i in range(5)
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=10,
)


def written(path: Path, events: list[dict[str, object]]) -> None:
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
    last = len(encode(EVENTS[-1]))
    for cut in range(1, last):
        path.write_bytes(whole[:-cut])
        ledger, events = Ledger.open(path)
        assert events == EVENTS[:-1]
        with ledger:
            ledger.append([EVENTS[-1]])
        assert path.read_bytes() == whole
    assert "cut a torn last line" in caplog.text


def test_a_tail_of_nul_bytes_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    written(path, EVENTS)
    with path.open("ab") as file:
        file.write(b"\0" * 4096)
    ledger, events = Ledger.open(path)
    ledger.close()
    assert events == EVENTS
    assert read(path)[0] == EVENTS


@pytest.mark.parametrize("line", [1, 3])
def test_damage_in_the_middle_is_refused_with_its_line(tmp_path: Path, line: int) -> None:
    path = tmp_path / "trials.jsonl"
    written(path, EVENTS)
    lines = path.read_bytes().split(b"\n")
    lines[line - 1] = lines[line - 1].replace(b'"trial":', b'"trial" :9')
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(RunDirectoryError, match=f"trials.jsonl:{line}: this ledger line is damaged"):
        Ledger.open(path)


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
from search.ledger.ledger import Ledger
ledger, _ = Ledger.open(Path(sys.argv[1]))
n = 0
while True:
    ledger.append([{"event": "x", "n": n, "pad": "y" * 500}])
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
    ledger, events = Ledger.open(path)
    ledger.close()
    assert [event["n"] for event in events][: acknowledged + 1] == list(range(acknowledged + 1))


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

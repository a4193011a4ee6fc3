"""The checker finds what it is there to find, in ledgers that the product wrote and somebody altered."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from search.ledger.events import parse
from search.ledger.ledger import Ledger
from tests.campaign.checker import Facts, nothing_lost, read_ledger, said

EVENTS: list[dict[str, Any]] = [
    {"event": "session", "command": None, "host": "h", "pid": 1, "target": 2, "time": 0.0},
    {"event": "suggest", "trial": 0, "params": {"sae.k": 3}, "origin": "default", "time": 1.0},
    {
        "event": "result",
        "trial": 0,
        "epoch": 2,
        "rung": 1,
        "metrics": {"a": 1.0},
        "checkpoint": None,
        "time": 2.0,
    },
    {"event": "end", "trial": 0, "state": "COMPLETE", "reason": None, "values": [1.0], "time": 3.0},
]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "trials.jsonl"
    path.write_bytes(b"".join(line(event) for event in EVENTS))
    return path


def line(event: dict[str, Any]) -> bytes:
    body = json.dumps(event, sort_keys=True, separators=(",", ":"))
    return f'{{"crc":"{zlib.crc32(body.encode()):08x}",{body[1:]}\n'.encode()


def test_it_reads_what_the_product_writes(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    opened, _ = Ledger.open(path)
    with opened:
        opened.append([parse(event) for event in EVENTS])
    facts = read_ledger(path)
    assert facts.violations == []
    assert facts.suggested == {0: {"sae.k": 3}}
    assert facts.ends == {0: ("COMPLETE", "[1.0]")}


def test_a_torn_last_line_is_none_and_a_damaged_one_is(ledger: Path) -> None:
    content = ledger.read_bytes()
    ledger.write_bytes(content + b'{"crc":"00')
    assert read_ledger(ledger).violations == []
    ledger.write_bytes(content.replace(b'"a":1.0', b'"a":2.0'))
    assert read_ledger(ledger).violations == ["ledger line 3 is damaged"]


@pytest.mark.parametrize(
    ("more", "finds"),
    [
        (EVENTS[1], "suggested twice"),
        ({**EVENTS[3], "trial": 7}, "nobody suggested"),
        ({**EVENTS[2], "epoch": 3}, "after its end"),
        ({**EVENTS[2]}, "goes back"),
    ],
)
def test_what_cannot_be_is_found(ledger: Path, more: dict[str, Any], finds: str) -> None:
    with ledger.open("ab") as file:
        file.write(line(more))
    assert any(finds in violation for violation in read_ledger(ledger).violations)


def test_what_was_acknowledged_must_stay(ledger: Path) -> None:
    before = read_ledger(ledger)
    assert nothing_lost(before, read_ledger(ledger)) == []
    assert len(nothing_lost(before, Facts())) == 3


def test_last_words(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"status": "running", "exit_code": None}))
    assert "run.json says running" in said(tmp_path, 143, "go on with --resume")[0]
    assert "a traceback" in said(tmp_path, 143, "Traceback (most recent call last)")[0]
    assert "exit code 1" in said(tmp_path, 1, "")[0]
    (tmp_path / "run.json").write_text(json.dumps({"status": "interrupted", "exit_code": 143}))
    assert said(tmp_path, 143, "go on with --resume") == []
    assert said(tmp_path, 143, "stopped") == ["exit code 143 without the resume command"]
    assert said(tmp_path, -9, "") == []

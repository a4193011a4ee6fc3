"""Copies of `real_run` that are as they should not be, for pages that must say so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from search.ledger.events import dump
from search.ledger.ledger import encode, read
from tests.analysis_tests.runs import copied
from trainables.data.dataset import load_dataset
from trainables.storage import checkpoint


def rewritten(run: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The run with every event of its ledger changed in place."""
    records = [dump(event) for event in read(run / "trials.jsonl")[0]]
    for record in records:
        change(record)
    (run / "trials.jsonl").write_bytes(b"".join(encode(record) for record in records))
    return run


def with_other_data(run: Path, to: Path) -> Path:
    """A copy that says that it was searched on the first 150 digits of each split."""
    other = copied(run, to)
    space = other / "space.resolved.yaml"
    space.write_text(space.read_text().replace("limit: 200", "limit: 150"))
    key = load_dataset("digits", limit=150).key
    return rewritten(other, lambda event: event.update(data=key) if event["event"] == "session" else None)


def with_dead_latents(run: Path, to: Path, trial: int) -> Path:
    """A copy in which no latent of a trial ever fires."""
    other = copied(run, to)
    folder = other / "trials" / f"{trial:04d}"
    found = checkpoint.load_newest(folder)
    assert found is not None
    tensors = dict(found.tensors)
    tensors["model.sae.encoder"].zero_()
    tensors["model.sae.encoder_bias"].fill_(-1.0)
    record = checkpoint.save(folder, tensors, found.meta)

    def change(event: dict[str, Any]) -> None:
        if event["event"] == "result" and event["trial"] == trial and event["checkpoint"]:
            event["checkpoint"] = record

    return rewritten(other, change)

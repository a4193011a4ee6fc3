"""The page above the galleries of one run: every trial that has one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.gallery_parts.trial_view import MetricView, key_metric_views
from analysis.gallery_parts.writing import PARTS, STRIP
from analysis.load import Run
from analysis.pages.page import linked_files, render, write_page
from search.disk import write_bytes
from search.ledger.history import TrialRecord


@dataclass(frozen=True)
class TrialCard:
    """A trial, where its gallery lies, and its objectives and constraints."""

    name: str
    folder: str
    key_metrics: tuple[MetricView, ...]


def write_trials_page(run: Run, folder: Path, command: str, info: Mapping[str, object]) -> Path:
    """Write index.html into `folder`, which has complete galleries as NNNN/; best trials first.

    DiskError if it cannot be written.
    """
    for name, text in linked_files(PARTS).items():
        write_bytes(folder / "look" / name, text.encode("utf-8"))
    html = render(
        "gallery_trials.html",
        parts=PARTS,
        linked="look",
        run_name=run.name,
        question=str((run.study.question if run.study else None) or ""),
        command=command,
        info=info,
        strip=STRIP,
        trials=[
            TrialCard(f"trial {record.folder}", record.folder, key_metric_views(run, record))
            for record in _with_gallery(run, folder)
        ],
    )
    write_page(folder / "index.html", html)
    return folder / "index.html"


def _with_gallery(run: Run, folder: Path) -> list[TrialRecord]:
    trials: Mapping[int, TrialRecord] = run.history.trials
    numbers = [
        int(path.parent.name)
        for path in folder.glob("*/index.html")
        if re.fullmatch(r"\d{4,}", path.parent.name) and int(path.parent.name) in trials
    ]
    ranks = {record.number: rank for rank, record in enumerate(run.ranked())}
    return [trials[number] for number in sorted(numbers, key=lambda n: (ranks.get(n, len(ranks)), n))]

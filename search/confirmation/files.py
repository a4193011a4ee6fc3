"""results.json, summary.csv and seeds.csv in `confirm/`: views of its ledger, replaced as a whole."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from search.confirmation.estimates import Confirmed, Estimate
from search.confirmation.verdict import sentences
from search.disk import write_atomically
from search.ledger.history import History
from search.loggers.trial_files import plain_cell
from search.study.study import Study

HOW = (
    "Each configuration was trained in full with fresh seeds, which no trial of the search had, and scored "
    "on the test split, which no trial of the search saw. Only these numbers are to be quoted as results."
)


def results_json(study: Study, searched: History, results: Sequence[Confirmed]) -> dict[str, object]:
    """All estimates as one JSON-ready document; values unrounded."""
    return {
        "name": study.name,
        "question": study.question,
        "how": HOW,
        "meaning": sentences(study, results),
        "objectives": [{"metric": o.metric, "mode": o.mode} for o in study.objectives],
        "subjects": [_entry(study, searched, result) for result in results],
    }


def write_results(folder: Path, study: Study, searched: History, results: Sequence[Confirmed]) -> None:
    """Write the three files. Raises DiskError."""
    document = json.dumps(results_json(study, searched, results), indent=2, ensure_ascii=False)
    write_atomically(folder / "results.json", document + "\n")
    write_atomically(folder / "summary.csv", _csv(_summary_rows(results)))
    write_atomically(folder / "seeds.csv", _csv(_seed_rows(results)))


def _entry(study: Study, searched: History, result: Confirmed) -> dict[str, object]:
    trial = searched.trials[result.subject.trial]
    scored = {name: _told(estimates) for name, estimates in result.estimates.items() if name != "val"}
    return {
        "trial": trial.number,
        "default": result.subject.is_default,
        "params": study.values(trial.params),
        "seeds": list(result.seeds),
        "failures": [{"seed": seed, "reason": reason} for seed, reason in result.failures],
        "test": scored,
        "val": _told(result.estimates["val"]),
        "gaps": {name: asdict(gap) for name, gap in result.gaps.items()},
        "minus_controls": {name: _told(estimates) for name, estimates in result.minus_controls.items()},
        "minus_default": _told(result.minus_default),
    }


def _told(estimates: Mapping[str, Estimate]) -> dict[str, object]:
    return {name: asdict(found) for name, found in estimates.items()}


def _summary_rows(results: Sequence[Confirmed]) -> Iterable[Sequence[object]]:
    yield ("trial", "default", "scored", "split", "metric", "mean", "se", "n", "search", "gap", "gap_se")
    for result in results:
        head = (result.subject.trial, str(result.subject.is_default).lower())
        for scored, estimates in result.estimates.items():
            name, split = ("pipeline", "val") if scored == "val" else (scored, "test")
            for metric, found in estimates.items():
                gap = result.gaps.get(metric) if scored == "pipeline" else None
                told = ("", "", "") if gap is None else (gap.search, gap.gap, _or_empty(gap.gap_se))
                yield (
                    *head,
                    name,
                    split,
                    plain_cell(metric),
                    found.mean,
                    _or_empty(found.se),
                    found.n,
                    *told,
                )


def _seed_rows(results: Sequence[Confirmed]) -> Iterable[Sequence[object]]:
    yield ("trial", "replicate", "scored", "split", "metric", "value")
    for result in results:
        for scored, by_seed in result.values.items():
            name, split = ("pipeline", "val") if scored == "val" else (scored, "test")
            for seed, metrics in by_seed.items():
                for metric, value in metrics.items():
                    yield (result.subject.trial, seed, name, split, plain_cell(metric), value)


def _or_empty(value: float | None) -> float | str:
    return "" if value is None else value


def _csv(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()

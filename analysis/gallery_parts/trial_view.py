"""The head of a gallery: its trial's settings, scores with chance levels, how to train it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.features.feature import FeatureTable
from analysis.load import Run
from analysis.trial_model import TrialModel
from search.formatting import count, limits, number, score
from search.ledger.history import TrialRecord
from search.ranking.floor import floor_words
from search.ranking.leaderboard import chance_level, shown_metrics
from search.study.study import Study
from trainables.metrics.catalog import METRICS, is_companion


@dataclass(frozen=True)
class MetricView:
    """One score; `wish` is what the search asked of it, `beside` its chance level or floor; "" for none."""

    name: str
    value: str
    beside: str
    wish: str = ""


@dataclass(frozen=True)
class TrialView:
    """A trial in words."""

    number: int
    name: str
    folder: str
    about: str
    key_metrics: tuple[MetricView, ...]
    other_metrics: tuple[MetricView, ...]
    drawn: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, str], ...]
    reproduce: str


def trial_view(run: Run, model: TrialModel, table: FeatureTable, typed: str) -> TrialView:
    """Of the trial of `model`; `typed` is the run directory as the user named it."""
    record = run.history.trials[model.number]
    keys = shown_metrics(run.study, [record]) if run.study else []
    metrics = record.metrics
    others = sorted(name for name in metrics if name not in keys and not is_companion(name))
    in_order = [name for name in METRICS if name in others]
    in_order += [name for name in others if name not in METRICS]
    return TrialView(
        record.number,
        f"trial {record.folder}",
        record.folder,
        _about(run, record, table),
        key_metric_views(run, record),
        tuple(_metric(name, metrics) for name in in_order),
        tuple((path, number(value)) for path, value in _drawn(run.study, record)),
        tuple(_flat("", model.config.model_dump())),
        f"python search/run.py --reproduce {shlex.quote(typed)} {record.number}",
    )


def key_metric_views(run: Run, record: TrialRecord) -> tuple[MetricView, ...]:
    """Objectives and constraints with what was asked of each, then how sparse and faithful the codes
    are; none if the study cannot be read."""
    if run.study is None:
        return ()
    wishes = _wishes(run.study)
    names = shown_metrics(run.study, [record])
    return tuple(_metric(name, record.metrics, wishes.get(name, "")) for name in names)


def _about(run: Run, record: TrialRecord, table: FeatureTable) -> str:
    ranked = [trial.number for trial in run.ranked()]
    rank = (
        f"Rank {ranked.index(record.number) + 1} of {len(ranked)}"
        if record.number in ranked
        else "Not ranked"
    )
    dead = int(table.dead.sum())
    living = len(table) - dead
    return (
        f"{rank}. {count(len(table), 'latent')}, {living} of them living; shown on the {table.n_images} "
        f"{table.split} images. Purity, dead and dense are measured on train, as the trial's own scores are."
    )


def _wishes(study: Study) -> dict[str, str]:
    """Metric -> what was asked of it."""
    words = {"max": "more is better", "min": "less is better"}
    wished = {objective.metric: words[objective.mode] for objective in study.objectives}
    for constraint in study.constraints:
        told = limits(constraint).replace("<=", "≤").replace(">=", "≥")
        before = wished.get(constraint.metric)
        wished[constraint.metric] = f"{before}, {told}" if before else told
    return wished


def _metric(name: str, metrics: Mapping[str, float], wish: str = "") -> MetricView:
    chance = chance_level(name, metrics)
    beside = floor_words(name, metrics) or ("" if chance is None else f"chance {score(chance)}")
    return MetricView(name, score(metrics.get(name)), beside, wish)


def _drawn(study: Study | None, record: TrialRecord) -> list[tuple[str, Any]]:
    """Searched settings and their values; without a study, what the ledger says was drawn."""
    if study is None:
        return list(record.params.items())
    values = study.values(record.params)
    return [
        (parameter.path, values[parameter.path]) for parameter in study.parameters if parameter.path in values
    ]


def _flat(prefix: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", number(value)

"""What two trials were told differently, and what they scored."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from analysis.comparison.sides import Side
from search.ranking.floor import floor_words
from search.ranking.leaderboard import chance_level, shown_metrics
from trainables.metrics.catalog import METRICS, is_companion
from trainables.metrics.metric import Mode

# How pure the latents are is asked of every SAE, whatever the search was for.
ALSO_KEY = ("selectivity/purity",)
Better = Literal["first", "second"] | None


@dataclass(frozen=True)
class SettingRow:
    """A setting that differs; None on a side that has no such setting, because another kind was drawn."""

    path: str
    first: object
    second: object


@dataclass(frozen=True)
class MetricRow:
    """A metric on both sides, with the chance levels measured on the same data where it has one.

    first_floor, second_floor: what stands beside a count. is_key: an objective or a constraint of either
    study, or what tells how sparse and faithful the codes are. None where a side does not have it.
    """

    name: str
    description: str
    mode: Mode | None
    first: float | None
    second: float | None
    first_chance: float | None
    second_chance: float | None
    first_floor: str | None
    second_floor: str | None
    is_key: bool

    @property
    def difference(self) -> float | None:
        """The second side's value minus the first's; None where either has none."""
        return None if self.first is None or self.second is None else self.second - self.first

    @property
    def better(self) -> Better:
        """The better side by the metric's direction; None without one, or if neither is."""
        difference = self.difference
        if self.mode is None or difference is None or math.isnan(difference) or difference == 0:
            return None
        return "second" if (difference > 0) == (self.mode == "max") else "first"


def differing_settings(first: Side, second: Side) -> tuple[tuple[SettingRow, ...], int]:
    """Settings of the trials and of their studies that differ, and how many are the same in both."""
    one, other = dict(_settings(first)), dict(_settings(second))
    paths = list(dict.fromkeys([*one, *other]))
    rows = tuple(
        SettingRow(path, one.get(path), other.get(path)) for path in paths if one.get(path) != other.get(path)
    )
    return rows, len(paths) - len(rows)


def metric_rows(first: Side, second: Side) -> tuple[MetricRow, ...]:
    """Objectives and constraints first, then every other metric in the order of the metrics' table.

    Chance levels stand beside their metric, not in rows of their own; nor do skills, which say the same.
    """
    one, other = first.record.metrics, second.record.metrics
    keys = list(
        dict.fromkeys(
            metric
            for side in (first, second)
            if side.run.study
            for metric in (*shown_metrics(side.run.study, [side.record]), *ALSO_KEY)
        )
    )
    known = {**one, **other}
    ordered = dict.fromkeys(
        [*keys, *(name for name in METRICS if name in known), *sorted(set(known) - set(METRICS))]
    )
    return tuple(
        _metric_row(name, one, other, name in keys)
        for name in ordered
        if name in keys or not is_companion(name)
    )


def _metric_row(name: str, one: Mapping[str, float], other: Mapping[str, float], is_key: bool) -> MetricRow:
    info = METRICS.get(name)
    return MetricRow(
        name,
        "" if info is None else info.description,
        None if info is None else info.mode,
        one.get(name),
        other.get(name),
        chance_level(name, one),
        chance_level(name, other),
        floor_words(name, one),
        floor_words(name, other),
        is_key,
    )


def _settings(side: Side) -> Iterator[tuple[str, object]]:
    """The trial's own by dotted path, then what its study fixes for all trials."""
    yield from _flat("", side.model.config.model_dump())
    study = side.run.study
    if study is None:
        return
    yield "data.name", study.data.name
    yield "data.limit", study.data.limit
    for name, value in study.data.settings.items():
        yield f"data.{name}", value
    yield "budget.seed", study.budget.seed
    yield "scheduler.rungs", study.scheduler.rungs
    yield "scheduler.reduction_factor", study.scheduler.reduction_factor


def _flat(prefix: str, settings: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", value

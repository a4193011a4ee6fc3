"""Settings and metrics as the page writes them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from analysis.comparison.settings import Better, MetricRow, SettingRow
from analysis.pages.signed_number import signed
from search.formatting import number, score
from trainables.metrics.metric import Mode


@dataclass(frozen=True)
class SettingText:
    """A differing setting; None on a side that has no such setting."""

    path: str
    first_text: str | None
    second_text: str | None


@dataclass(frozen=True)
class MetricText:
    """A metric on both sides; None for what a side does not have."""

    name: str
    description: str
    mode: Mode | None
    better: Better
    first_text: str | None
    second_text: str | None
    difference_text: str | None
    first_chance_text: str | None
    second_chance_text: str | None


def setting_text(row: SettingRow) -> SettingText:
    """The row in words."""
    return SettingText(row.path, _value(row.first), _value(row.second))


def metric_text(row: MetricRow) -> MetricText:
    """The row in words; three decimals, so that figures stand in line."""
    difference = row.difference
    return MetricText(
        row.name,
        row.description,
        row.mode,
        row.better,
        _score(row.first, row.first_floor),
        _score(row.second, row.second_floor),
        None if difference is None else signed(difference),
        _score(row.first_chance),
        _score(row.second_chance),
    )


def _score(value: float | None, floor: str | None = None) -> str | None:
    if value is None:
        return None
    return score(value) if floor is None else f"{score(value)} ({floor})"


def _value(value: object) -> str | None:
    if value is None:
        return None
    return number(value) if isinstance(value, (bool, int, float, str)) else json.dumps(value)

"""Only what differs is told, chance stands beside its metric, better means the metric's better."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from analysis.comparison.settings import MetricRow, differing_settings, metric_rows
from analysis.comparison.sides import two_sides
from analysis.comparison.texts import metric_text
from analysis.load import load_run
from search.errors import NoTrialCompleted, RunDirectoryError, SpaceError
from search.ranking.floor import READABLE, floor_words
from search.ranking.leaderboard import ALWAYS_SHOWN


def test_only_settings_that_differ_are_told_and_those_of_another_kind_are_absent(real_run: Path) -> None:
    first, second = two_sides([str(real_run)], [0, 1])
    rows, same = differing_settings(first, second)
    told = {row.path: (row.first, row.second) for row in rows}
    assert told["sae.kind"] == ("topk", "relu")
    assert told["sae.width"] == (24, 32)
    assert told["sae.k"] == (4, None)
    assert told["sae.l1"] == (None, 0.05)
    assert not any(path.startswith(("classifier.", "basis.", "data.")) for path in told)
    assert same > 5


def test_objectives_come_first_and_nulls_stand_beside_their_metric(real_run: Path) -> None:
    first, second = two_sides([f"{real_run}:0", f"{real_run}:2"], None)
    rows = metric_rows(first, second)
    keys = [row for row in rows if row.is_key]
    wished, always = ["probe/accuracy", "attribution/junk", "sae/dead_fraction"], list(ALWAYS_SHOWN)
    assert [row.name for row in keys] == [*wished, *always, "selectivity/purity"]
    readable = next(row for row in keys if row.name == READABLE)
    assert readable.first_floor == floor_words(READABLE, first.record.metrics)
    assert readable.first_floor is not None
    names = [row.name for row in rows]
    assert len(set(names)) == len(names)
    assert not [name for name in names if name.endswith(("_null", "_skill"))]
    junk = keys[1]
    metrics = first.record.metrics
    assert junk.first == metrics["attribution/junk"]
    assert junk.first_chance == metrics["attribution/junk_null"]
    assert junk.difference == pytest.approx(second.record.metrics["attribution/junk"] - junk.first)


def row(first: float | None, second: float | None, mode: str | None) -> MetricRow:
    return MetricRow("m", "", mode, first, second, None, None, None, None, False)  # type: ignore[arg-type]


def test_better_is_by_the_metrics_direction() -> None:
    assert row(0.1, 0.2, "max").better == "second"
    assert row(0.1, 0.2, "min").better == "first"
    for undecided in (row(0.1, 0.1, "max"), row(0.1, 0.2, None), row(None, 0.2, "max")):
        assert undecided.better is None
    assert row(math.nan, 0.2, "max").better is None
    text = metric_text(row(math.nan, 0.25, "max"))
    assert (text.first_text, text.second_text, text.difference_text) == ("nan", "0.250", "–")
    assert metric_text(row(0.1, 0.35, None)).difference_text == "+0.250"
    assert metric_text(row(None, 0.35, None)).difference_text is None


def test_sides_are_the_best_or_the_named_trials(real_run: Path) -> None:
    best = load_run(real_run).best_trial().number
    other = next(number for number in (0, 1, 2) if number != best)
    first, second = two_sides([str(real_run), f"{real_run}:{other}"], None)
    assert (first.record.number, second.record.number) == (best, other)
    assert first.name == f"trial {first.record.folder}"
    if best == 0:
        with pytest.raises(SpaceError, match="nothing to compare"):
            two_sides([str(real_run)], None)
    else:
        before, after = two_sides([str(real_run)], None)
        assert (before.record.number, after.record.number) == (0, best)


def test_what_cannot_be_compared_is_refused_in_a_sentence(
    real_run: Path, only_pruned_run: Path, tmp_path: Path
) -> None:
    with pytest.raises(SpaceError, match="nothing to compare"):
        two_sides([str(real_run)], [1, 1])
    with pytest.raises(SpaceError, match="two runs, or one run"):
        two_sides([f"{real_run}:1"], None)
    with pytest.raises(SpaceError, match="--trials takes two trials of one RUN"):
        two_sides([str(real_run), str(real_run)], [0, 1])
    with pytest.raises(SpaceError, match="has no trial 99"):
        two_sides([str(real_run)], [0, 99])
    with pytest.raises(NoTrialCompleted):
        two_sides([str(real_run), str(only_pruned_run)], None)
    with pytest.raises(RunDirectoryError):
        two_sides([str(real_run), str(tmp_path)], None)

"""Searches on a planted space in virtual time: classifiers that are there are used, and it pays."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

import numpy as np
import pytest

from search.ranking.hypervolume import Gain
from search.stages.prefix import prefix_of
from tests.search_tests.stages_tests.planted import known, planted

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
from replay import Replay


def searched(**settings: object) -> Replay:
    workers = settings.pop("workers", 1)
    replay = Replay(planted(**settings), known, workers=workers)  # type: ignore[arg-type]
    replay.run()
    return replay


def losses(replay: Replay, until: float) -> list[list[float]]:
    """Of feasible trials trained in full by then."""
    metrics = [record.metrics for seconds, _, record in replay.course if seconds <= until]
    return [[-m["probe/accuracy"], m["attribution/junk"]] for m in metrics if m["sae/dead_fraction"] <= 0.5]


def classifiers(replay: Replay) -> int:
    study = planted(stages=True)
    return len({prefix_of(study, record.params) for record in replay.records})


@pytest.fixture(scope="module")
def ours() -> Replay:
    return searched(stages=True, trials=24)


def test_classifiers_are_used_for_several_saes(ours: Replay) -> None:
    plain = searched(stages=False, trials=16)
    assert classifiers(plain) == 16
    assert classifiers(ours) < 20
    assert len(ours.records) / ours.now > 1.2 * len(plain.records) / plain.now


def test_the_same_seed_searches_the_same(ours: Replay) -> None:
    again = searched(stages=True, trials=14)
    assert [r.params for r in again.records] == [r.params for r in ours.records[:14]]


def test_several_workers_and_promotions_go_with_it() -> None:
    replay = searched(stages=True, trials=16, workers=3, scheduler="promotion", objectives=1)
    assert len(replay.records) == 16
    assert {record.state for record in replay.records} == {"COMPLETE", "PRUNED"}
    assert classifiers(replay) < 16


@pytest.mark.slow
def test_in_the_same_seconds_the_hypervolume_is_larger() -> None:
    pairs = [
        (searched(stages=True, seed=seed, trials=60), searched(stages=False, seed=seed, trials=30))
        for seed in range(3)
    ]
    every = Gain(np.array([point for pair in pairs for one in pair for point in losses(one, 1e9)]))
    with_stages, without = (
        [every.volume(np.array(losses(pair[which], 500.0))) for pair in pairs] for which in (0, 1)
    )
    assert statistics.mean(with_stages) > statistics.mean(without)

"""Means, standard errors and gaps against planted values and numpy."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from search.confirmation.estimates import Confirmed, collect, estimate
from search.confirmation.files import results_json, write_results
from search.confirmation.screen import print_results
from search.confirmation.subjects import Subject
from search.confirmation.verdict import is_better
from search.ledger.events import parse
from search.ledger.history import History
from search.study.sections import Objective
from tests.search_tests.histories import Run, make_study, typical_run
from trainables.confirmation.rungs import SCORED, TRAINED_RUNG, rung_of

SEEDS = {500_000: 0.91, 500_001: 0.88, 500_002: 0.92}
# The smallest step of what is planted below is 0.008: see `search.ranking.grain`.
BY_GRAIN = 0.008 / math.sqrt(6 * len(SEEDS))
SUBJECTS = [Subject(1, False), Subject(0, True)]


def measured(history: History, number: int, trial: int, seed: int, accuracy: float, junk: float) -> None:
    """A complete training with planted values: controls are 0.1 worse each, in order."""
    history.apply(
        parse(
            {
                "event": "suggest",
                "trial": number,
                "params": {"trial": trial, "replicate": seed},
                "origin": "confirmation",
                "time": 1.0,
            }
        )
    )
    rungs = {TRAINED_RUNG: 0.01, **{rung_of(name): -0.1 * i for i, name in enumerate(SCORED)}}
    for rung, shift in rungs.items():
        metrics = {
            "probe/accuracy": accuracy + shift,
            "attribution/junk": junk,
            "attribution/junk_null": 1.0,
            "sae/dead_fraction": 0.0,
            "interpretability/score": 0.5,
        }
        event = {
            "event": "result",
            "trial": number,
            "epoch": 9,
            "rung": rung,
            "time": 2.0,
            "checkpoint": None,
        }
        history.apply(parse({**event, "metrics": metrics}))
    history.apply(
        parse(
            {
                "event": "end",
                "trial": number,
                "state": "COMPLETE",
                "reason": None,
                "values": None,
                "time": 3.0,
            }
        )
    )


@pytest.fixture
def confirmed() -> tuple[Run, list[Confirmed]]:
    run, history = typical_run(), History()
    for i, (seed, accuracy) in enumerate(SEEDS.items()):
        measured(history, 2 * i, 1, seed, accuracy, 0.85)
        measured(history, 2 * i + 1, 0, seed, accuracy - 0.02 - 0.001 * i, 0.96)
    return run, collect(run.history, history, SUBJECTS)


def test_mean_standard_error_and_n_agree_with_numpy(confirmed: tuple[Run, list[Confirmed]]) -> None:
    found = confirmed[1][0].estimates["pipeline"]["probe/accuracy"]
    values = np.array(list(SEEDS.values()))
    assert found.n == 3
    assert found.mean == pytest.approx(values.mean())
    assert found.se == pytest.approx(values.std(ddof=1) / math.sqrt(3))


def test_val_and_controls_are_kept_apart_from_the_pipeline_on_test(
    confirmed: tuple[Run, list[Confirmed]],
) -> None:
    estimates = confirmed[1][0].estimates
    mean = estimates["pipeline"]["probe/accuracy"].mean
    assert set(estimates) == {"val", *SCORED}, "what was not scored is not there"
    assert estimates["val"]["probe/accuracy"].mean == pytest.approx(mean + 0.01)
    for i, control in enumerate(SCORED[1:], start=1):
        assert estimates[control]["probe/accuracy"].mean == pytest.approx(mean - 0.1 * i)
        paired = confirmed[1][0].minus_controls[control]["probe/accuracy"]
        assert paired.mean == pytest.approx(0.1 * i)
        assert paired.se == pytest.approx(BY_GRAIN), "paired by seed, the seeds' noise cancels"


def test_the_gap_is_search_minus_fresh_validation_and_optimism_knows_the_direction(
    confirmed: tuple[Run, list[Confirmed]],
) -> None:
    gaps = confirmed[1][0].gaps
    accuracy, junk = gaps["probe/accuracy"], gaps["attribution/junk"]
    mean = np.mean(list(SEEDS.values()))
    assert accuracy.search == 0.95
    assert accuracy.gap == pytest.approx(0.95 - (mean + 0.01)), "val is planted 0.01 above test"
    assert accuracy.optimism == accuracy.gap
    assert junk.gap == pytest.approx(0.80 - 0.85)
    assert junk.optimism == pytest.approx(0.05), "less junk was claimed than was confirmed"
    deviation = np.std(list(SEEDS.values()), ddof=1)
    assert accuracy.gap_se == pytest.approx(deviation * math.sqrt(1 + 1 / 3))
    assert "attribution/junk_null" in gaps
    assert gaps["attribution/junk_null"].optimism is None


def test_the_difference_to_the_default_is_paired_by_seed(confirmed: tuple[Run, list[Confirmed]]) -> None:
    first, default = confirmed[1]
    versus = first.minus_default["probe/accuracy"]
    assert versus.mean == pytest.approx(0.021)
    assert versus.se == pytest.approx(BY_GRAIN), "more than the spread of 0.02, 0.021, 0.022"
    assert default.minus_default == {}


def test_one_seed_has_no_standard_error() -> None:
    assert estimate([0.5]).se is None


def test_failures_leave_n_smaller_and_are_listed() -> None:
    run, history = typical_run(), History()
    measured(history, 0, 1, 500_000, 0.9, 0.8)
    event = {"trial": 1, "time": 4.0}
    params = {"trial": 1, "replicate": 500_001}
    history.apply(parse({**event, "event": "suggest", "params": params, "origin": "confirmation"}))
    history.apply(parse({**event, "event": "end", "state": "FAIL", "reason": "diverged: x", "values": None}))
    (result,) = collect(run.history, history, [Subject(1, False)])
    assert result.seeds == (500_000,)
    assert result.failures == ((500_001, "diverged: x"),)
    assert result.estimates["pipeline"]["probe/accuracy"].n == 1


def test_a_trial_that_was_not_trained_in_full_claimed_nothing() -> None:
    run, history = typical_run(), History()
    measured(history, 0, 4, 500_000, 0.9, 0.8)
    (result,) = collect(run.history, history, [Subject(4, False)])
    assert result.gaps == {}


def test_unselected_values_have_no_winners_curse_and_selected_ones_have() -> None:
    """The best of many equal trials is too good; its confirmation is not. 300 searches of 20 trials."""
    rng = np.random.default_rng(0)
    searched = rng.normal(0.9, 0.02, size=(300, 20))
    confirmed = rng.normal(0.9, 0.02, size=(300, 5))
    gaps = [row.max() - estimate(list(fresh)).mean for row, fresh in zip(searched, confirmed, strict=True)]
    # The expected maximum of 20 standard normals is 1.867.
    assert np.mean(gaps) == pytest.approx(0.02 * 1.867, abs=4 * np.std(gaps) / math.sqrt(300))
    unselected = [row[0] - estimate(list(fresh)).mean for row, fresh in zip(searched, confirmed, strict=True)]
    assert abs(np.mean(unselected)) < 4 * np.std(unselected) / math.sqrt(300)


def test_the_files_hold_every_value_unrounded(confirmed: tuple[Run, list[Confirmed]], tmp_path: Path) -> None:
    run, results = confirmed
    write_results(tmp_path, run.study, run.history, results)
    document = json.loads((tmp_path / "results.json").read_text())
    assert document == json.loads(json.dumps(results_json(run.study, run.history, results)))
    subject = document["subjects"][0]
    assert subject["trial"] == 1
    assert subject["test"]["pipeline"]["probe/accuracy"]["mean"] == pytest.approx(
        np.mean(list(SEEDS.values()))
    )
    rows = list(csv.DictReader((tmp_path / "seeds.csv").read_text().splitlines()))
    own = {
        int(row["replicate"]): float(row["value"])
        for row in rows
        if (row["trial"], row["scored"], row["split"], row["metric"])
        == ("1", "pipeline", "test", "probe/accuracy")
    }
    assert own == SEEDS
    summary = list(csv.DictReader((tmp_path / "summary.csv").read_text().splitlines()))
    (row,) = [
        row
        for row in summary
        if (row["trial"], row["scored"], row["split"], row["metric"])
        == ("0", "random_dictionary", "test", "probe/accuracy")
    ]
    assert row["default"] == "true"
    assert row["n"] == "3"


@pytest.mark.parametrize("width", [80, 50])
def test_the_screen_shows_all_and_never_overflows(confirmed: tuple[Run, list[Confirmed]], width: int) -> None:
    run, results = confirmed
    stream = io.StringIO()
    print_results(run.study, results, "runs/x/confirm", Console(file=stream, width=width, highlight=False))
    text = stream.getvalue()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= width
    words = " ".join(text.split())
    mean, se = np.mean(list(SEEDS.values())), np.std(list(SEEDS.values()), ddof=1) / math.sqrt(3)
    assert f"{mean:.3f} ± {se:.3f}" in words
    assert "n = 3" in words
    assert "0000*" in words
    assert "untrained" in words or "trained" in words


def test_ascii_terminals_get_ascii(confirmed: tuple[Run, list[Confirmed]]) -> None:
    run, results = confirmed
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    print_results(run.study, results, "x", Console(file=stream, width=80))
    stream.flush()


def test_a_single_metric_still_tells_n() -> None:
    wished = (Objective(metric="interpretability/score", mode="max"),)
    run = Run(replace(make_study(constrained=False), objectives=wished))
    run.suggest(0)
    history = History()
    measured(history, 0, 0, 500_000, 0.9, 0.8)
    results = collect(run.history, history, [Subject(0, True)])
    stream = io.StringIO()
    print_results(run.study, results, "x", Console(file=stream, width=80))
    assert "0000*, n = 1" in stream.getvalue()


def test_two_equal_differences_of_a_grain_are_no_certainty() -> None:
    """On 1,000 images two pairs that differ by one image each had a standard error of 0, so p = 0."""
    history = History()
    for i, seed in enumerate((500_000, 500_001)):
        measured(history, 2 * i, 1, seed, 0.911, 0.85)
        measured(history, 2 * i + 1, 0, seed, 0.910, 0.96)
    best = collect(typical_run().history, history, SUBJECTS)[0]
    difference = best.minus_default["probe/accuracy"]
    assert difference.mean == pytest.approx(0.001)
    assert difference.se == pytest.approx(0.001 / math.sqrt(6 * 2))
    assert not is_better(difference, "max")
    assert estimate([0.1, 0.1], grain=0.1).se == pytest.approx(0.1 / math.sqrt(12))
    assert estimate([-0.1, 0.1], grain=1.0).se == pytest.approx(0.1)

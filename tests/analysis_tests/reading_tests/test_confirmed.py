"""What a run's confirm/ holds: whole, growing, or not of this run."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from pathlib import Path
from typing import Any

import pytest

from analysis.load import load_run
from search.ledger.ledger import encode
from tests.analysis_tests.runs import copied
from trainables.confirmation.members import RETIRED
from trainables.confirmation.rungs import LAST_RUNG, SCORED, rung_of

VALUES = {"pipeline": (0.80, 0.84, 0.88), "random_dictionary": (0.5, 0.5, 0.5)}
DEFAULT = (0.70, 0.72, 0.74)


def training(
    number: int, trial: int, replicate: int, accuracies: Mapping[int, float]
) -> list[dict[str, Any]]:
    """One training of a confirmation, scored under the rungs of `accuracies`."""
    params = {"trial": trial, "replicate": replicate}
    told: list[dict[str, Any]] = [
        {"event": "suggest", "trial": number, "params": params, "origin": "confirmation"}
    ]
    for rung, accuracy in accuracies.items():
        metrics = {"probe/accuracy": accuracy}
        told.append(
            {
                "event": "result",
                "trial": number,
                "epoch": 9,
                "rung": rung,
                "metrics": metrics,
                "checkpoint": None,
            }
        )
    if LAST_RUNG in accuracies:
        told.append({"event": "end", "trial": number, "state": "COMPLETE", "reason": None, "values": None})
    return [{**event, "time": 1_780_000_000.0 + number} for event in told]


def scores(pipeline: float, control: float) -> dict[int, float]:
    return {1: 0.9, **{rung_of(name): control for name in SCORED}, rung_of("pipeline"): pipeline}


@pytest.fixture
def confirmed_run(unfinished_run: Path, tmp_path: Path) -> Path:
    """Trial 1 and the default, three seeds each; and one training more that is not finished."""
    path = copied(unfinished_run, tmp_path)
    session = {"event": "session", "target": 7, "host": "h", "pid": 1, "time": 1_780_000_000.0}
    events = [session]
    for seed in range(3):
        events += training(2 * seed, 1, 500_000 + seed, scores(VALUES["pipeline"][seed], 0.5))
        events += training(2 * seed + 1, 0, 500_000 + seed, scores(DEFAULT[seed], 0.5))
    events += training(6, 2, 500_000, {1: 0.9})
    (path / "confirm").mkdir()
    (path / "confirm" / "trials.jsonl").write_bytes(b"".join(map(encode, events)))
    return path


def test_means_errors_gaps_and_differences(confirmed_run: Path) -> None:
    run = load_run(confirmed_run)
    assert run.confirmation is not None
    assert run.confirmation.damage == ()
    assert list(run.confirmation.by_trial) == [1, 0, 2]
    best = run.confirmation.by_trial[1]
    found = best.estimates["pipeline"]["probe/accuracy"]
    assert (found.mean, found.se, found.n) == (pytest.approx(0.84), pytest.approx(0.04 / sqrt(3)), 3)
    assert best.gaps["probe/accuracy"].gap == pytest.approx(
        run.history.trials[1].metrics["probe/accuracy"] - 0.90
    )  # against the fresh seeds' own validation, not against test
    assert best.minus_default["probe/accuracy"].mean == pytest.approx(0.12)
    assert best.minus_controls["random_dictionary"]["probe/accuracy"].mean == pytest.approx(0.34)
    assert run.confirmation.by_trial[0].subject.is_default
    assert run.confirmation.by_trial[2].seeds == ()


def test_trainings_of_trials_that_the_search_lacks_are_left_out(confirmed_run: Path) -> None:
    with (confirmed_run / "confirm" / "trials.jsonl").open("ab") as ledger:
        ledger.write(b"".join(map(encode, training(7, 99, 500_000, scores(0.9, 0.5)))))
    confirmation = load_run(confirmed_run).confirmation
    assert confirmation is not None
    assert list(confirmation.by_trial) == [1, 0, 2]
    assert confirmation.damage == (
        "confirm/trials.jsonl: 1 training left out: of trials that the search does not know",
    )


def test_a_complete_training_without_a_score_is_left_out(confirmed_run: Path) -> None:
    with (confirmed_run / "confirm" / "trials.jsonl").open("ab") as ledger:
        ledger.write(b"".join(map(encode, training(7, 2, 500_001, {1: 0.9, LAST_RUNG: 0.5}))))
    confirmation = load_run(confirmed_run).confirmation
    assert confirmation is not None
    assert confirmation.by_trial[1].estimates["pipeline"]["probe/accuracy"].n == 3
    assert confirmation.by_trial[2].seeds == ()
    assert "lacks a score" in confirmation.damage[0]


def test_one_of_an_earlier_version_shows_the_controls_that_it_had(confirmed_run: Path) -> None:
    """Four controls under the rungs 3 to 6, two of which are made otherwise today."""
    with (confirmed_run / "confirm" / "trials.jsonl").open("ab") as ledger:
        old = {1: 0.9, 2: 0.8, 3: 0.5, 4: 0.6, 5: 0.7, 6: 0.4}
        ended = {"event": "end", "trial": 7, "state": "COMPLETE", "reason": None, "values": None}
        ledger.write(b"".join(map(encode, [*training(7, 2, 500_001, old), {**ended, "time": 1.8e9}])))
    confirmation = load_run(confirmed_run).confirmation
    assert confirmation is not None
    assert confirmation.damage == ()
    found = confirmation.by_trial[2].estimates
    assert set(found) == {"val", "pipeline", "random_dictionary", "untrained", *RETIRED}
    assert found["identity"]["probe/accuracy"].mean == 0.5


def test_no_confirmation(unfinished_run: Path) -> None:
    assert load_run(unfinished_run).confirmation is None

"""What a summary says of the leaders: before a confirmation, after one, and from one that is damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from search.console.meaning import meaning
from search.ranking.guards import guards_lost
from search.ranking.leaderboard import leaderboard
from tests.search_tests.histories import Run, make_study

COUNT = {"latents__readable": 8.0, "latents__readable_se": 0.5, "latents__readable_floor_se": 0.5}


def searched(floors: dict[int, float], accuracies: dict[int, float]) -> Run:
    """Trials trained in full; the first is the default."""
    run = Run(make_study(objectives=1))
    for number, floor in floors.items():
        run.suggest(number)
        own = {
            "probe__accuracy": 0.5 + 0.1 * number,
            "attribution__junk": 0.5,
            "sae__dead_fraction": 0.02,
            "latents__readable_floor": floor,
            "classifier__accuracy": accuracies[number],
        }
        run.result(number, 18, 3, **COUNT, **own)
        run.end(number, "COMPLETE")
    return run


def told(run: Run, folder: Path) -> list[str]:
    return meaning(run.history, leaderboard(run.study, run.history), folder)


def test_before_a_confirmation_the_floor_is_all_there_is(tmp_path: Path) -> None:
    (said,) = told(searched({0: 2.0, 1: 7.5}, {0: 0.9, 1: 0.9}), tmp_path)
    assert said.startswith("Of 2 trials in the table 1 is within the floor")
    assert "not known before they are confirmed" in said


def test_a_winner_that_pays_with_the_classifier_is_warned_of(tmp_path: Path) -> None:
    said = told(searched({0: 2.0, 1: 2.0}, {0: 0.95, 1: 0.91}), tmp_path)
    assert said[1:] == [
        "Warning: trial 0001 is worse than the default, one training each, in classifier/accuracy 0.910 "
        "(default 0.950)."
    ]


@pytest.mark.parametrize(("winner", "lost"), [(0.945, 0), (0.93, 1), (0.99, 0)])
def test_a_hundredth_is_noise(winner: float, lost: int) -> None:
    assert len(guards_lost({"classifier/accuracy": winner}, {"classifier/accuracy": 0.95})) == lost
    assert len(guards_lost({"sae/dead_fraction": -winner}, {"sae/dead_fraction": -0.95})) == lost


def test_after_a_confirmation_its_own_sentences_are_told(tmp_path: Path) -> None:
    (tmp_path / "confirm").mkdir()
    path = tmp_path / "confirm" / "results.json"
    path.write_text(json.dumps({"meaning": ["Trial 0001: the trained SAE is fine.", "Warning: but."]}))
    run = searched({0: 2.0, 1: 2.0}, {0: 0.95, 1: 0.91})
    assert told(run, tmp_path) == ["Confirmed: Trial 0001: the trained SAE is fine.", "Warning: but."]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"meaning": 3}', '{"meaning": [3]}'])
def test_one_that_cannot_be_read_is_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "confirm").mkdir()
    (tmp_path / "confirm" / "results.json").write_text(text)
    (said,) = told(searched({0: 2.0, 1: 2.0}, {0: 0.9, 1: 0.9}), tmp_path)
    assert "none is within the floor" in said

"""The scalar score: its floor, its ceiling and its mean."""

from __future__ import annotations

import pytest

from trainables.metrics import score


def test_geometric_mean_of_the_listed_parts_alone() -> None:
    parts = {"junk": 0.25, "purity": 1.0, "alive": 0.0}
    assert score.interpretability_score(parts, ["junk", "purity"]) == pytest.approx(0.5)


def test_parts_are_clipped_to_the_floor_and_to_one() -> None:
    parts = {"junk": -3.0, "splice": 1.7}
    assert score.interpretability_score(parts, ["junk"]) == pytest.approx(0.01)
    assert score.interpretability_score(parts, ["splice"]) == 1.0
    assert score.interpretability_score(parts, ["junk", "splice"]) == pytest.approx(0.1)


def test_no_part_or_an_unknown_one_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        score.interpretability_score({"junk": 1.0}, [])
    with pytest.raises(KeyError, match="purty"):
        score.interpretability_score({"purity": 1.0}, ["purty"])


@pytest.mark.parametrize(
    ("value", "chance", "expected"), [(0.4, 0.4, 0.0), (1.0, 0.4, 1.0), (0.1, 0.4, -0.5), (1.0, 1.0, 0.0)]
)
def test_skill_is_0_at_chance_and_1_at_perfection(value: float, chance: float, expected: float) -> None:
    assert score.above_chance(value, chance) == pytest.approx(expected)

"""Skill: 0 at chance, 1 at perfection."""

from __future__ import annotations

import pytest

from trainables.metrics.chance import above_chance


@pytest.mark.parametrize(
    ("value", "chance", "expected"), [(0.4, 0.4, 0.0), (1.0, 0.4, 1.0), (0.1, 0.4, -0.5), (1.0, 1.0, 0.0)]
)
def test_skill_is_0_at_chance_and_1_at_perfection(value: float, chance: float, expected: float) -> None:
    assert above_chance(value, chance) == pytest.approx(expected)

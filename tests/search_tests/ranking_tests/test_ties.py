"""Who gets the last places of a front."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from search.ranking.ties import TIES, by_crowding, by_epsilon_net

LINE = [(0.0, 10.0), (1.0, 9.0), (1.1, 8.9), (1.2, 8.8), (5.0, 5.0), (10.0, 0.0)]


def test_the_ends_of_a_front_and_its_loneliest_point_come_first() -> None:
    assert [LINE[i] for i in by_crowding(LINE)[:3]] == [(0.0, 10.0), (10.0, 0.0), (5.0, 5.0)]
    assert [LINE[i] for i in by_epsilon_net(LINE)[:3]] == [(0.0, 10.0), (10.0, 0.0), (5.0, 5.0)]


def test_an_epsilon_net_leaves_nobody_far_from_a_chosen_one() -> None:
    """Farthest first is within a factor of two of the best choice of k points (Gonzalez 1985)."""
    chance = random.Random(0)
    points = [(chance.random(), chance.random()) for _ in range(9)]
    low = [min(column) for column in zip(*points, strict=True)]
    high = [max(column) for column in zip(*points, strict=True)]
    scaled = [tuple((x - a) / (b - a) for x, a, b in zip(p, low, high, strict=True)) for p in points]

    def radius(chosen: tuple[int, ...]) -> float:
        return max(min(math.dist(point, scaled[i]) for i in chosen) for point in scaled)

    best = min(radius(chosen) for chosen in itertools.combinations(range(9), 3))
    assert radius(tuple(by_epsilon_net(points)[:3])) <= 2 * best


@pytest.mark.parametrize("order", TIES.values(), ids=list(TIES))
def test_every_point_has_one_place_whatever_the_order_they_come_in(order: object) -> None:
    assert callable(order)
    points = [(float(x), float(y), 0.0) for x, y in itertools.product(range(3), range(2))]
    ranked = [points[i] for i in order(points)]
    assert sorted(ranked) == sorted(points)
    assert ranked == [points[::-1][i] for i in order(points[::-1])]
    assert order([]) == []

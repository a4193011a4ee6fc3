"""The stopping rule against a slow, independent reading of its definition."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.scheduling.rung_order import Standing
from search.scheduling.successive_halving import SuccessiveHalving


def fronts(leaderboard: list[Standing]) -> list[list[int]]:
    """Indices by front, straight from the definition; feasible ones and small violations first."""

    def beats(a: Standing, b: Standing) -> bool:
        if a.violation != b.violation:
            return a.violation < b.violation
        pairs = list(zip(a.losses, b.losses, strict=True))
        return all(x <= y for x, y in pairs) and any(x < y for x, y in pairs)

    left, found = list(range(len(leaderboard))), []
    while left:
        best = min(leaderboard[i].violation for i in left)
        pool = [i for i in left if leaderboard[i].violation == best]
        front = [i for i in pool if not any(beats(leaderboard[j], leaderboard[i]) for j in pool)]
        found.append(front)
        left = [i for i in left if i not in front]
    return found


def expected(leaderboard: list[Standing], reduction_factor: int) -> bool:
    """Whether the last of `leaderboard` survives."""
    ahead = 0
    for front in fronts(leaderboard):
        if len(leaderboard) - 1 in front:
            return ahead < math.ceil(len(leaderboard) / reduction_factor)
        ahead += len(front)
    raise AssertionError("unreachable")


def standings_of(n_objectives: int) -> st.SearchStrategy[list[Standing]]:
    loss = st.integers(0, 5).map(float)
    violation = st.sampled_from([0.0, 0.0, 0.0, 0.5, math.inf])
    one = st.builds(Standing, violation, st.tuples(*[loss] * n_objectives))
    return st.lists(one, min_size=1, max_size=25)


@settings(max_examples=300)
@given(st.integers(1, 3).flatmap(standings_of), st.integers(2, 4))
def test_every_decision_follows_the_definition(leaderboard: list[Standing], reduction_factor: int) -> None:
    halving = SuccessiveHalving(reduction_factor)
    for i, one in enumerate(leaderboard):
        assert halving.survives(1, i, one) == expected(leaderboard[: i + 1], reduction_factor)


def test_with_one_objective_the_best_third_survives() -> None:
    halving = SuccessiveHalving(3)
    for i in range(30):
        halving.record(1, i, Standing(0.0, (float(i),)))
    assert halving.survives(1, 100, Standing(0.0, (9.5,)))  # 10 better ones, 11 places among 31
    assert not halving.survives(1, 101, Standing(0.0, (12.5,)))


def test_a_trade_off_is_never_stopped() -> None:
    """Worst in one objective, best in the other: halving by either objective alone would stop one of them."""
    halving = SuccessiveHalving(3)
    for i in range(20):
        halving.record(1, i, Standing(0.0, (float(i), float(i))))
    assert halving.survives(1, 100, Standing(0.0, (1000.0, -1.0)))
    assert halving.survives(1, 101, Standing(0.0, (-1.0, 1000.0)))


def test_an_infeasible_trial_stands_behind_feasible_ones() -> None:
    halving = SuccessiveHalving(3)
    for i in range(3):
        halving.record(1, i, Standing(0.0, (1.0 + i,)))
    assert not halving.survives(1, 100, Standing(0.1, (-100.0,)))


def test_the_first_trial_survives_even_if_infeasible() -> None:
    assert SuccessiveHalving(3).survives(1, 0, Standing(math.inf, (5.0,)))


def test_rungs_are_apart() -> None:
    halving = SuccessiveHalving(3)
    halving.survives(1, 0, Standing(0.0, (0.0,)))
    assert halving.survives(2, 1, Standing(0.0, (99.0,)))


@pytest.mark.parametrize("losses", [(1.0,), (1.0, 1.0)])
def test_a_trial_that_comes_twice_counts_once(losses: tuple[float, ...]) -> None:
    halving = SuccessiveHalving(2)
    for i in range(3):
        halving.record(1, i, Standing(0.0, tuple(loss - i for loss in losses)))
        halving.record(1, i, Standing(0.0, tuple(loss - 2 * i for loss in losses)))
    assert not halving.survives(1, 100, Standing(0.0, losses))  # 2 better, 2 places among 4
    assert halving.survives(1, 101, Standing(0.0, tuple(loss - 0.5 for loss in losses)))


@pytest.mark.parametrize(("n_feasible", "hopeless"), [(1, False), (2, False), (3, True), (6, True)])
def test_hopeless_means_that_even_the_best_losses_would_not_help(n_feasible: int, hopeless: bool) -> None:
    halving = SuccessiveHalving(3)
    for i in range(6):
        halving.record(1, i, Standing(0.0 if i < n_feasible else 1.0, (float(i),)))
    assert halving.hopeless(1, 0.5) is hopeless
    assert halving.survives(1, 100, Standing(0.5, (-1e9,))) is not hopeless

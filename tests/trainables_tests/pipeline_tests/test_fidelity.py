from __future__ import annotations

import pytest

from trainables.pipeline.fidelity import rung_epochs, rung_share


def test_shares_of_three_rungs_by_three_are_a_ninth_a_third_and_all() -> None:
    assert [rung_share(r, 3, 3) for r in (1, 2, 3)] == pytest.approx([1 / 9, 1 / 3, 1])
    assert rung_epochs(18, 3, 3) == (2, 6, 18)
    assert rung_epochs(60, 3, 3) == (7, 20, 60)


def test_one_rung_is_the_whole_training() -> None:
    assert rung_epochs(7, 1, 4) == (7,)


def test_too_few_epochs_give_equal_rungs() -> None:
    assert rung_epochs(1, 3, 3) == (1, 1, 1)
    assert rung_epochs(2, 3, 3) == (1, 1, 2)


@pytest.mark.parametrize("factor", [2, 3, 4, 10])
@pytest.mark.parametrize("rungs", [1, 2, 3, 6])
def test_never_decreasing_at_least_one_and_ending_at_the_total(rungs: int, factor: int) -> None:
    for total in [*range(1, 200), 9_999]:
        epochs = rung_epochs(total, rungs, factor)
        assert len(epochs) == rungs
        assert list(epochs) == sorted(epochs)
        assert epochs[0] >= 1
        assert epochs[-1] == total
        for rung, n in enumerate(epochs, start=1):
            assert n == 1 or abs(n - total * rung_share(rung, rungs, factor)) <= 0.5


@pytest.mark.parametrize("rung", [0, 4])
def test_a_rung_that_does_not_exist_is_refused(rung: int) -> None:
    with pytest.raises(ValueError, match=r"not in 1\.\.3"):
        rung_share(rung, 3, 3)


def test_no_epochs_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 epoch"):
        rung_epochs(0, 3, 3)

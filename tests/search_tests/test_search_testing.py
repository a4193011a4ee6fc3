"""The checks of samplers and schedulers: ours pass, and one that breaks its word does not."""

from __future__ import annotations

from typing import Any

import optuna
import pytest

from search.scheduling.rung_order import Standing
from search.scheduling.successive_halving import SuccessiveHalving
from search.study.registries import SAMPLERS, SCHEDULERS
from search.study.study import Study
from search.testing import check_sampler, check_scheduler


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name != "cma_es"])  # one objective alone
def test_our_samplers_pass(name: str) -> None:
    check_sampler(SAMPLERS[name])


@pytest.mark.parametrize("name", SCHEDULERS)
def test_our_schedulers_pass(name: str) -> None:
    check_scheduler(SCHEDULERS[name])


def unseeded(study: Study, seed: int) -> optuna.samplers.BaseSampler:  # noqa: ARG001
    return optuna.samplers.RandomSampler()


def stubborn(study: Study, seed: int) -> optuna.samplers.BaseSampler:  # noqa: ARG001
    return optuna.samplers.RandomSampler(seed=1)


class Lenient(SuccessiveHalving):
    """It forgets that a trial called hopeless is stopped between rungs."""

    def survives(self, rung: int, trial: int, standing: Standing) -> bool:
        return super().survives(rung, trial, standing) or trial < 10


class Forgetful(SuccessiveHalving):
    """A resume begins with empty rungs."""

    def record(self, rung: int, trial: int, standing: Standing) -> None:
        pass


@pytest.mark.parametrize(
    ("check", "member", "said"),
    [
        (check_sampler, unseeded, "other proposals"),
        (check_sampler, stubborn, "are the same"),
        (check_scheduler, Lenient, "called hopeless and survives"),
        (check_scheduler, Forgetful, "after a resume it decides otherwise"),
    ],
)
def test_who_breaks_the_word_is_told(check: Any, member: Any, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check(member)

"""The samplers of the table: (study, seed) -> an Optuna sampler for one trial alone."""

from __future__ import annotations

import warnings

import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from search.study.study import Study


def random(study: Study, seed: int) -> BaseSampler:  # noqa: ARG001
    """Every draw on its own."""
    return RandomSampler(seed=seed)


def tpe(study: Study, seed: int) -> BaseSampler:
    """Learns from trials that ended."""
    with warnings.catch_warnings():
        # `group` has been experimental since 2021; conditional spaces need it.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return TPESampler(
            seed=seed,
            multivariate=True,
            group=True,
            constant_liar=True,
            n_startup_trials=study.sampler.startup_trials,
        )

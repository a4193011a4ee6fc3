"""The samplers of the table: (study, seed) -> an Optuna sampler for one trial alone.

What a sampler draws must follow from the trials that it is shown, the study and the seed, since it is made
anew for every trial. One that leaves notes in Optuna's study besides, of its generation for instance, is
marked by `keeps_notes`: it is shown all trials, and a resumed run asks it again for each that there was.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import optuna
from optuna.samplers import BaseSampler, CmaEsSampler, NSGAIISampler, RandomSampler, TPESampler

from search.errors import SpaceError
from search.scheduling.quasi_random import SobolSampler
from search.study.study import Study

Member = TypeVar("Member", bound=Callable[..., Any])
_MARK = "keeps_notes"


def keeps_notes(sampler: Member) -> Member:
    """Mark a function of this module's kind, or one of yours, as said above."""
    setattr(sampler, _MARK, True)
    return sampler


def has_notes(member: Callable[..., Any]) -> bool:
    """Whether it is marked; of a class of Optuna's own one cannot know, so it counts as such."""
    return bool(getattr(member, _MARK, _is_optuna_sampler(member)))


def made(member: Callable[..., Any], study: Study, seed: int) -> BaseSampler:
    """The sampler of a function (study, seed), or of a class of Optuna's own. SpaceError if that wants more
    than a seed."""
    with warnings.catch_warnings():
        # `group` has been experimental since 2021, and others of Optuna's for as long.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        if not _is_optuna_sampler(member):
            sampler: BaseSampler = member(study, seed)
            return sampler
        try:
            wanted = inspect.signature(member).parameters
            own: BaseSampler = member(seed=seed) if "seed" in wanted else member()
        except TypeError as error:
            raise SpaceError(
                f"sampler.name: {member.__module__}:{member.__qualname__} cannot be made from a seed alone "
                f"({error}); write a function (study, seed) that makes it, see docs/extending.md"
            ) from None
        return own


def _is_optuna_sampler(member: object) -> bool:
    return isinstance(member, type) and issubclass(member, BaseSampler)


def random(study: Study, seed: int) -> BaseSampler:  # noqa: ARG001
    """Every draw on its own."""
    return RandomSampler(seed=seed)


def sobol(study: Study, seed: int) -> BaseSampler:  # noqa: ARG001
    """Draws that fill the space evenly, a scrambled Sobol sequence; it learns nothing."""
    return SobolSampler(study)


def tpe(study: Study, seed: int) -> BaseSampler:
    """Tree-structured Parzen estimator: learns from trials that ended, also those stopped early."""
    return TPESampler(
        seed=seed,
        multivariate=True,
        group=True,  # conditional spaces need it
        constant_liar=True,
        n_startup_trials=study.sampler.startup_trials,
    )


def gp(study: Study, seed: int) -> BaseSampler:
    """Gaussian processes, of objectives and constraints: the most from few trials, about a second each; what
    only some trials draw is drawn at random."""
    from optuna.samplers import GPSampler  # torch comes with it

    return GPSampler(
        seed=seed,
        n_startup_trials=study.sampler.startup_trials,
        independent_sampler=RandomSampler(seed=seed),
        warn_independent_sampling=False,
    )


@keeps_notes
def nsga2(study: Study, seed: int) -> BaseSampler:
    """NSGA-II, an evolution of fronts, for thousands of trials; a generation has sampler.startup_trials."""
    return NSGAIISampler(seed=seed, population_size=max(2, study.sampler.startup_trials))


@keeps_notes
def cma_es(study: Study, seed: int) -> BaseSampler:
    """CMA-ES, for one objective over numbers alone; it does not look at constraints."""
    return CmaEsSampler(
        seed=seed,
        n_startup_trials=study.sampler.startup_trials,
        independent_sampler=RandomSampler(seed=seed),
        warn_independent_sampling=False,
    )

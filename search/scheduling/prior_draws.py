"""Trials that begin where a person believes the good values to be: often at first, ever more seldom later."""

from __future__ import annotations

import math
import random

from search.scheduling.distributions import at_quantile, distributions
from search.study.domains import Choice, Parameter, Scalar, same
from search.study.study import Study


def believed(study: Study, number: int) -> dict[str, Scalar] | None:
    """What trial `number` takes of the priors, in whose place its sampler proposes nothing; None for most.

    With s = sampler.startup_trials, trial n is one of these with probability 1/2 up to n = s, and s / (2 n)
    beyond: a wrong belief costs half of the start and then about (s / 2) ln(n / s) trials.
    """
    guessed = [parameter for parameter in study.parameters if parameter.prior is not None]
    chance = random.Random(f"{study.budget.seed}/prior/{number}")
    start = study.sampler.startup_trials
    if not guessed or chance.random() >= start / (2 * max(start, number)):
        return None
    found: dict[str, Scalar] = {}
    for parameter in guessed:
        found |= _drawn(study, parameter, chance.random())
    return found


def _drawn(study: Study, parameter: Parameter, u: float) -> dict[str, Scalar]:
    prior, domain = parameter.prior, parameter.domain
    assert prior is not None
    if parameter.or_value is not None and same(prior.value, parameter.or_value):
        return {parameter.switch_path: False}
    on: dict[str, Scalar] = {parameter.switch_path: True} if parameter.has_switch else {}
    if isinstance(domain, Choice):
        return {**on, parameter.path: prior.option(domain.options, u)}
    low, high, value = float(domain.low), float(domain.high), float(prior.value)
    place = math.log(value / low) / math.log(high / low) if domain.log else (value - low) / (high - low)
    distribution = distributions(study)[parameter.path]
    return {**on, parameter.path: at_quantile(distribution, prior.quantile(place, u))}

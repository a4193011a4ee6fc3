"""Our domains as Optuna's distributions, and one draw of a trial from them."""

from __future__ import annotations

import math
from typing import cast

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import Trial

from search.study.domains import Choice, FloatRange, Parameter, Scalar
from search.study.study import Study

_SWITCH = CategoricalDistribution((False, True))


def _distribution(parameter: Parameter) -> BaseDistribution:
    domain = parameter.domain
    if isinstance(domain, Choice):
        return CategoricalDistribution(domain.options)
    if isinstance(domain, FloatRange):
        return FloatDistribution(domain.low, domain.high, log=domain.log)
    return IntDistribution(domain.low, domain.high, log=domain.log)


def distributions(study: Study) -> dict[str, BaseDistribution]:
    """Drawn name -> Optuna distribution, switches included."""
    found: dict[str, BaseDistribution] = {}
    for parameter in study.parameters:
        if parameter.has_switch:
            found[parameter.switch_path] = _SWITCH
        found[parameter.path] = _distribution(parameter)
    return found


def draw(trial: Trial, study: Study) -> dict[str, Scalar]:
    """Ask Optuna for every parameter that is active, in the study's order."""
    params: dict[str, Scalar] = {}
    for parameter in study.parameters:
        if not study.is_active(parameter, params):
            continue
        if parameter.has_switch:
            params[parameter.switch_path] = trial.suggest_categorical(parameter.switch_path, (False, True))
            if not params[parameter.switch_path]:
                continue
        params[parameter.path] = _suggest(trial, parameter)
    return params


def _suggest(trial: Trial, parameter: Parameter) -> Scalar:
    domain = parameter.domain
    if isinstance(domain, Choice):
        # Optuna's signature allows None as an option; a Choice has none.
        return cast(Scalar, trial.suggest_categorical(parameter.path, domain.options))
    if isinstance(domain, FloatRange):
        return trial.suggest_float(parameter.path, domain.low, domain.high, log=domain.log)
    return trial.suggest_int(parameter.path, domain.low, domain.high, log=domain.log)


def at_quantile(distribution: BaseDistribution, u: float) -> Scalar:
    """The value below which a share u in [0, 1) of the distribution lies."""
    if isinstance(distribution, CategoricalDistribution):
        options = distribution.choices
        return cast(Scalar, options[min(int(u * len(options)), len(options) - 1)])
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    # An integer has the width of one, so that the ends are as likely as the others.
    half = 0.5 if isinstance(distribution, IntDistribution) else 0.0
    low, high = distribution.low - half, distribution.high + half
    value = math.exp(math.log(low) + u * math.log(high / low)) if distribution.log else low + u * (high - low)
    value = min(max(value, distribution.low), distribution.high)
    return round(value) if half else value

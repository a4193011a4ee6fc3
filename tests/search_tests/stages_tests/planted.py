"""A planted space: classifiers cost a minute, SAEs a second; both matter, and ranges are continuous."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from search.study.domains import FloatRange, IntRange, Parameter, Scalar
from search.study.sections import Budget, Constraint, Sampler, Scheduler
from search.study.study import Study
from tests.search_tests.histories import make_study

PARAMETERS = (
    Parameter("auxiliary.junk_penalty", FloatRange(1e-3, 10.0, log=True), default=0.01),
    Parameter("auxiliary.activation_l1", FloatRange(1e-4, 0.1, log=True), default=0.01),
    Parameter("sae.width", IntRange(64, 512, log=True), default=256),
    Parameter("sae.k", IntRange(2, 32, log=True), default=8),
)
CLASSIFIER_S, FEATURES_S = 60.0, 1.0


def planted(
    *, stages: bool, trials: int = 60, seed: int = 0, objectives: int = 2, scheduler: str = "asha"
) -> Study:
    """The space with a budget."""
    study = replace(make_study(objectives=objectives), parameters=PARAMETERS)
    return replace(
        study,
        budget=Budget(trials=trials, seed=seed),
        constraints=(Constraint(metric="sae/dead_fraction", max=0.5),),
        scheduler=Scheduler(name=scheduler, rungs=3),
        sampler=Sampler(stages=stages, startup_trials=8),
    )


def known(params: Mapping[str, Scalar]) -> list[dict[str, Any]]:
    """Rungs 1/9, 1/3 and all; junk falls and accuracy suffers with the penalty, both want a middling SAE."""
    p, a, w, k = (_unit(parameter, float(params[parameter.path])) for parameter in PARAMETERS)
    sae = (w - 0.6) ** 2 + (k - 0.4) ** 2
    accuracy = 0.95 - 0.15 * p**2 - 0.1 * (a - 0.7) ** 2 - 0.1 * sae
    junk = 1.0 - 0.7 * p + 0.3 * (a - 0.7) ** 2 + 0.5 * sae
    return [
        {
            "classifier_s": CLASSIFIER_S * (share - before),
            "features_s": FEATURES_S * share,
            "metrics": {
                "probe/accuracy": accuracy - 0.1 * (1 - share),
                "attribution/junk": junk + 0.1 * (1 - share),
                "sae/dead_fraction": w * (1 - k),
            },
        }
        for before, share in ((0.0, 1 / 9), (1 / 9, 1 / 3), (1 / 3, 1.0))
    ]


def _unit(parameter: Parameter, value: float) -> float:
    domain = parameter.domain
    assert isinstance(domain, FloatRange | IntRange)
    return math.log(value / domain.low) / math.log(domain.high / domain.low)

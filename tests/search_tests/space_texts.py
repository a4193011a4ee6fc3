"""Space files that several tests share, and draws from them by brute force."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from search.study.domains import Choice, FloatRange, Parameter, Scalar
from search.study.study import Study

ROOT = Path(__file__).parents[2]
SPACES = sorted((ROOT / "spaces").glob("*.yaml"))
HEAD = """\
name: x
question: Does it load?
objectives: [{metric: probe/accuracy, mode: max}]
"""


def with_trial(body: str) -> str:
    """A minimal space file whose trial is `body` (indented by two)."""
    return f"{HEAD}trial:\n{body}"


def all_draws(
    study: Study, params: dict[str, Scalar] | None = None, at: int = 0
) -> Iterator[dict[str, Scalar]]:
    """Every draw of a space, continuous ranges at their ends."""
    params = params or {}
    if at == len(study.parameters):
        yield params
        return
    parameter = study.parameters[at]
    if not study.is_active(parameter, params):
        yield from all_draws(study, params, at + 1)
        return
    switched = params
    if parameter.has_switch:
        yield from all_draws(study, {**params, parameter.switch_path: False}, at + 1)
        switched = {**params, parameter.switch_path: True}
    for value in _values(parameter):
        yield from all_draws(study, {**switched, parameter.path: value}, at + 1)


def random_draw(study: Study, rng: random.Random) -> dict[str, Scalar]:
    """One draw, as a sampler that knows only the Study would make it."""
    params: dict[str, Scalar] = {}
    for parameter in study.parameters:
        if not study.is_active(parameter, params):
            continue
        if parameter.has_switch:
            params[parameter.switch_path] = rng.random() < 0.5
            if not params[parameter.switch_path]:
                continue
        domain = parameter.domain
        if isinstance(domain, Choice):
            params[parameter.path] = rng.choice(domain.options)
        elif isinstance(domain, FloatRange):
            params[parameter.path] = rng.uniform(domain.low, domain.high)
        else:
            params[parameter.path] = rng.randint(domain.low, domain.high)
    return params


def _values(parameter: Parameter) -> list[Scalar]:
    domain = parameter.domain
    if isinstance(domain, Choice):
        return list(domain.options)
    if isinstance(domain, FloatRange):
        return [domain.low, domain.high]
    return list(range(domain.low, domain.high + 1))

"""Studies whose truth is known: what each setting does is planted, then searched as TPE would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analysis.effects.settings import Array, Settings, drawn_settings, value_at
from search.ledger.events import parse
from search.ledger.history import History
from search.study.domains import Choice, Condition, FloatRange, IntRange, Parameter, Scalar
from search.study.sections import Objective, Sampler
from search.study.study import Study
from tests.search_tests.histories import make_study

KINDS = Choice(("raw", "pca", "ica"))
PARAMETERS = (
    Parameter("basis.kind", KINDS, default="raw"),
    Parameter("basis.components", IntRange(8, 32, log=True), (Condition("basis.kind", ("pca", "ica")),)),
    Parameter("sae.kind", Choice(("topk", "relu")), default="topk"),
    Parameter("sae.width", IntRange(64, 512, log=True)),
    Parameter("auxiliary.null", FloatRange(1e-3, 10.0, log=True), has_switch=True, or_value=0.0),
    Parameter("auxiliary.junk", FloatRange(1e-3, 10.0, log=True), has_switch=True, or_value=0.0),
)
SCORE = Objective.model_construct(metric="m", mode="max")
Truth = Callable[[Settings], Array]


def planted_study(parameters: tuple[Parameter, ...] = PARAMETERS) -> Study:
    """One objective, `m`, to be as large as possible."""
    whole = make_study(objectives=1, constrained=False)
    return replace(
        whole, objectives=(SCORE,), parameters=parameters, constants={}, sampler=Sampler(startup_trials=10)
    )


def additive_truth(settings: Settings) -> Array:
    """ica is worth 1, junk 1.5 and 1 more along its range; basis.components, width, null nothing."""
    kind, junk = settings["basis.kind"], settings["auxiliary.junk"]
    found = np.where(kind.place == 2, 1.0, 0.0) + np.where(kind.place == 1, 0.2, 0.0)
    found = found + np.where(junk.on, 1.0 + junk.place, 0.0)
    return np.asarray(found - 0.5 * (settings["sae.kind"].place == 1))


@dataclass(frozen=True)
class Searched:
    """Trials that a search made, as a run has them."""

    study: Study | None
    history: History


def searched(
    study: Study, truth: Truth, n: int, seed: int, *, noise: float = 0.3, greed: float = 0.7
) -> Searched:
    """n trials. After the first ten, a share `greed` of them are one of the best fifth with some settings
    drawn anew, so that settings go together and go where results were good, as TPE's do."""
    rng = np.random.default_rng(seed)
    width = 2 * len(study.parameters)
    numbers = rng.random((n, width))
    score = np.zeros(n)
    for row in range(n):
        if row >= 10 and rng.random() < greed:
            parent = rng.choice(np.argsort(-score[:row])[: max(2, row // 5)])
            numbers[row] = np.where(rng.random(width) < 0.3, numbers[row], numbers[parent])
        score[row] = truth(drawn_settings(study, numbers[row : row + 1], {}))[0] + noise * rng.normal()
    return Searched(study, history_of(params_of(study, drawn_settings(study, numbers, {})), {"m": score}))


def params_of(study: Study, settings: Settings) -> list[dict[str, Scalar]]:
    """The draws as a ledger has them."""
    draws: list[dict[str, Scalar]] = [{} for _ in next(iter(settings.values())).on]
    for parameter in study.parameters:
        column = settings[parameter.path]
        for row, draw in enumerate(draws):
            if parameter.has_switch and column.active[row]:
                draw[parameter.switch_path] = bool(column.on[row])
            if column.on[row]:
                draw[parameter.path] = value_at(parameter, float(column.place[row]))
    return draws


def history_of(
    draws: list[dict[str, Scalar]], metrics: Mapping[str, Any], states: Mapping[int, str] | None = None
) -> History:
    """One trial a draw; `metrics` are its values at the only rung. All are COMPLETE but those in `states`."""
    history = History()
    for number, draw in enumerate(draws):
        common = {"trial": number, "time": float(number)}
        values = {name: float(column[number]) for name, column in metrics.items()}
        state = (states or {}).get(number, "COMPLETE")
        history.apply(parse({"event": "suggest", "params": draw, "origin": "sampler", **common}))
        history.apply(
            parse({"event": "result", "epoch": 1, "rung": 1, "metrics": values, "checkpoint": None, **common})
        )
        told = list(values.values()) if state == "COMPLETE" else None
        history.apply(parse({"event": "end", "state": state, "reason": None, "values": told, **common}))
    return history

"""Effects in a search, where nothing was paired: matched trials where there are enough, else a model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.effects.contrasts import Contrast, contrasts
from analysis.effects.effect import (
    DirectionEffect,
    EffectTable,
    Method,
    verdict_of,
    with_q_values,
)
from analysis.effects.encoding import coordinates, curves, steps
from analysis.effects.matched_pairs import matched_pairs
from analysis.effects.paired import effect
from analysis.effects.search_note import rung_note, search_note
from analysis.effects.settings import Array, Settings, drawn_settings, settings_of, uniforms
from analysis.effects.smooth_model import Mixture, Points, SmoothModel
from search.ledger.history import History, Report, TrialRecord
from search.study.sections import Objective
from search.study.study import Study

FEWEST_TRIALS = 10
FEWEST_ON_A_SIDE = 3
FEWEST_PAIRS = 6
MOST_TRIALS = 400
"""The model's cost grows with their cube; of more, as many are taken, evenly over the run."""
DRAWS = 128


@dataclass(frozen=True)
class Measured:
    """Trials of one budget: their settings, and outcomes (n, objectives), NaN where not measured."""

    settings: Settings
    outcomes: Array

    def __len__(self) -> int:
        return len(self.outcomes)

    def having(self, rows: Array) -> Measured:
        """The rows of a mask or of row numbers."""
        kept = {
            path: type(column)(column.place[rows], column.on[rows], column.active[rows])
            for path, column in self.settings.items()
        }
        return Measured(kept, self.outcomes[rows])


def searched_effects(study: Study, history: History, objectives: Sequence[Objective]) -> EffectTable:
    """Choices against their default, switches on against off, the high third of a range against the low.

    From fully trained trials. `method_note` says which method each effect has and what it assumes, and
    whether the first rung, which no trial was stopped before, tells the same.
    """
    measured = measured_trials(study, history, objectives)
    effects = effects_of(study, measured, objectives)
    first = measured_trials(study, history, objectives, rung=1)
    stopped = len(history.in_state("PRUNED"))
    early = effects_of(study, first, objectives) if stopped and len(first) > len(measured) else ()
    return EffectTable(effects, tuple(search_note(study, effects, early, len(measured), len(first), stopped)))


def effects_at_rung(
    study: Study, history: History, objectives: Sequence[Objective], rung: int
) -> EffectTable:
    """The same from all trials that reached a rung, as they were there, whatever became of them."""
    measured = measured_trials(study, history, objectives, rung)
    effects = effects_of(study, measured, objectives)
    return EffectTable(effects, tuple(rung_note(effects, rung, study.scheduler.rungs, len(measured))))


def measured_trials(
    study: Study, history: History, objectives: Sequence[Objective], rung: int | None = None
) -> Measured:
    """All different configurations with their outcomes at full training, or at a rung if one is given.

    One trial stands for all of the same parameters: they share their seeds, so a second one is no news.
    """
    found: dict[tuple[tuple[str, object], ...], tuple[TrialRecord, Report]] = {}
    for trial in history.in_state("COMPLETE", "PRUNED", "RUNNING", "FAIL"):
        rungs = trial.rungs
        at = max(rungs, default=0) if rung is None and trial.state == "COMPLETE" else rung
        if at in rungs:
            found.setdefault(tuple(sorted(trial.params.items())), (trial, rungs[at]))
    settings, whole = settings_of(study, [trial.params for trial, _ in found.values()])
    outcomes = np.array(
        [[report.metrics.get(o.metric, math.nan) for o in objectives] for _, report in found.values()],
        dtype=float,
    ).reshape(len(found), len(objectives))
    measured = Measured(settings, outcomes).having(whole)
    thinned = np.linspace(0, len(measured) - 1, MOST_TRIALS).round().astype(int)
    return measured if len(measured) <= MOST_TRIALS else measured.having(thinned)


def effects_of(
    study: Study, measured: Measured, objectives: Sequence[Objective]
) -> tuple[DirectionEffect, ...]:
    """The effects that these trials tell, direction after direction, each on every objective."""
    questions = contrasts(study)
    models: dict[bytes, SmoothModel] = {}
    columns = []
    for k, objective in enumerate(objectives):
        known = np.isfinite(measured.outcomes[:, k])
        told, outcome = measured.having(known), measured.outcomes[known, k]
        if questions and len(told) >= FEWEST_TRIALS and known.tobytes() not in models:
            models[known.tobytes()] = _model(study, told.settings, questions)
        model = models.get(known.tobytes())
        beliefs = [None] * len(questions) if model is None else model.contrasts(outcome)
        columns.append(_on_objective(study, told.settings, outcome, objective, questions, beliefs))
    effects = [effect for row in zip(*columns, strict=True) for effect in row]
    family = [not question.is_second for question in questions for _ in objectives]
    return with_q_values(effects, family)


def _on_objective(
    study: Study,
    settings: Settings,
    outcome: Array,
    objective: Objective,
    questions: Sequence[Contrast],
    beliefs: Sequence[Mixture | None],
) -> list[DirectionEffect]:
    found = []
    for question, belief in zip(questions, beliefs, strict=True):
        with_it, without = question.sides(settings)
        pairs = matched_pairs(study, settings, question.parameter.path, with_it, without)
        if len(pairs) >= FEWEST_PAIRS:
            found.append(_matched(question, objective, outcome, pairs))
        else:
            counts = int(with_it.sum()), int(without.sum())
            told = belief if min(counts) >= FEWEST_ON_A_SIDE else None
            found.append(_modelled(question, objective, told, counts))
    return found


def _model(study: Study, settings: Settings, questions: Sequence[Contrast]) -> SmoothModel:
    """Averages over draws from the whole space, not over where the sampler happened to go."""
    numbers = uniforms(study, DRAWS)
    sides = []
    for question in questions:
        with_it, without = question.held(study)
        sides.append(
            (
                _points(study, drawn_settings(study, numbers, with_it)),
                _points(study, drawn_settings(study, numbers, without)),
            )
        )
    return SmoothModel(_points(study, settings), sides)


def _points(study: Study, settings: Settings) -> Points:
    return Points(steps(study, settings), curves(study, settings), coordinates(study, settings))


def _matched(
    question: Contrast, objective: Objective, outcome: Array, pairs: Sequence[tuple[int, int]]
) -> DirectionEffect:
    found = effect([float(outcome[i] - outcome[j]) for i, j in pairs])
    estimate = _Estimate(found.mean, *found.interval, found.p_value)
    return _told(question, objective, estimate, (found.n, found.n), "matched")


def _modelled(
    question: Contrast, objective: Objective, belief: Mixture | None, counts: tuple[int, int]
) -> DirectionEffect:
    estimate = _UNKNOWN
    if belief is not None:
        estimate = _Estimate(belief.mean, belief.quantile(0.025), belief.quantile(0.975), belief.p_value)
    return _told(question, objective, estimate, counts, "model")


class _Estimate(NamedTuple):
    mean: float
    low: float
    high: float
    p_value: float


_UNKNOWN = _Estimate(math.nan, math.nan, math.nan, math.nan)


def _told(
    question: Contrast, objective: Objective, estimate: _Estimate, counts: tuple[int, int], method: Method
) -> DirectionEffect:
    """`counts`: trials with the setting, and with its control."""
    return DirectionEffect(
        direction=question.parameter.path,
        setting=question.setting,
        control=question.control,
        objective=objective.metric,
        mode=objective.mode,
        mean=estimate.mean,
        low=estimate.low,
        high=estimate.high,
        n_with=counts[0],
        n_without=counts[1],
        method=method,
        verdict=verdict_of(estimate.low, estimate.high, objective.mode),
        p_value=estimate.p_value,
        is_control=question.is_control,
    )

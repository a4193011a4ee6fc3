"""Effects in a design: every arm against the default, and against its control, in pairs of one replicate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from analysis.effects.controls import control_setting, controls
from analysis.effects.effect import (
    DirectionEffect,
    EffectTable,
    chance_note,
    verdict_of,
    with_q_values,
)
from analysis.effects.paired import Arms, arm_metrics, metric, paired_difference
from search.formatting import count, number
from search.ledger.history import History
from search.study.design import DEFAULT_ARM, Arm, Design
from search.study.sections import Objective


def designed_effects(design: Design, history: History, objectives: Sequence[Objective]) -> EffectTable:
    """For each arm and objective the difference to the default, then that to its control if it has one."""
    arms = arm_metrics(history)
    if DEFAULT_ARM not in arms:
        return EffectTable(
            (), ("No trial of the default has been trained in full yet: nothing to compare with.",)
        )
    control_of = controls(design)
    effects = []
    for arm in design.arms[1:]:
        for against in dict.fromkeys([DEFAULT_ARM, control_of.get(arm.name, DEFAULT_ARM)]):
            effects += [_effect(arms, arm, against, objective) for objective in objectives]
    told = with_q_values(effects, [effect.control == DEFAULT_ARM for effect in effects])
    return EffectTable(told, tuple(_note(design, arms, control_of, told)))


def _effect(arms: Arms, arm: Arm, against: str, objective: Objective) -> DirectionEffect:
    found = paired_difference(_having(arms, objective.metric), arm.name, metric(objective.metric), against)
    low, high = found.interval
    return DirectionEffect(
        direction=arm.name,
        setting=", ".join(f"{path}: {number(value)}" for path, value in arm.changes.items()),
        control=against,
        objective=objective.metric,
        mode=objective.mode,
        mean=found.mean,
        low=low,
        high=high,
        n_with=found.n,
        n_without=found.n,
        method="paired",
        verdict=verdict_of(low, high, objective.mode),
        p_value=found.p_value,
        is_control=control_setting(arm.changes) is not None,
    )


def _having(arms: Arms, name: str) -> Arms:
    """The trials that reported a finite value of a metric."""
    return {
        arm: {
            replicate: metrics
            for replicate, metrics in replicates.items()
            if math.isfinite(metrics.get(name, math.nan))
        }
        for arm, replicates in arms.items()
    }


def _note(
    design: Design, arms: Arms, control_of: Mapping[str, str], effects: Sequence[DirectionEffect]
) -> list[str]:
    said = [
        "Method: paired. Each direction alone is compared with the default in the same replicate, which "
        "shares its seeds; the interval is Student's t over the pairs and assumes that their differences are "
        "roughly normal.",
        f"The default was trained in full in {len(arms[DEFAULT_ARM])} of "
        f"{count(design.replicates, 'replicate')}.",
    ]
    if control_of:
        names = ", ".join(dict.fromkeys(control_of.values()))
        said.append(
            f"{names}: controls, which change the same thing by chance. A direction of theirs that differs "
            "from the default but not from its control does not work for the reason it was tried for. The "
            "control of all others is the default."
        )
    if design.replicates < 5:
        said.append(
            f"With {count(design.replicates, 'pair')} only effects far above the spread of the pairs can be "
            "clear."
        )
    return [*said, chance_note(effects)]

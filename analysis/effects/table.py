"""Does each direction help? The table of a run, whatever kind of run it is."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.effects.designed import designed_effects
from analysis.effects.effect import EffectTable, HasTrials
from analysis.effects.searched import searched_effects
from search.study.design import Design
from search.study.sections import Objective


def direction_effects(run: HasTrials, objectives: Sequence[Objective] | None = None) -> EffectTable:
    """Effect of every direction on every objective, 95 % intervals, and a verdict for each.

    A run with a design is compared in pairs of one replicate; a search by matched trials where there are
    enough, else by a model; `method_note` says which and what that assumes. `objectives` may name other
    metrics than the study's own. Empty, with the reason in `method_note`, if nothing can be told.
    """
    if run.study is None:
        return EffectTable((), ("The run's space file cannot be read, so its directions are not known.",))
    measures = tuple(run.study.objectives if objectives is None else objectives)
    if isinstance(run.study.listed, Design):
        return designed_effects(run.study.listed, run.history, measures)
    return searched_effects(run.study, run.history, measures)

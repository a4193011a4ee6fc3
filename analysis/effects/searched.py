"""Effects in a search, where nothing was paired: matched trials where there are enough, else a model."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.effects.effect import EffectTable
from search.history import History
from search.study import Objective, Study


def searched_effects(study: Study, history: History, objectives: Sequence[Objective]) -> EffectTable:
    """Choices against their default, switches on against off, the high third of a range against the low."""
    return EffectTable((), ("Not measured yet.",))

"""How many trials are spared the judgement of low rungs, as a hedge against rungs that mislead."""

from __future__ import annotations

from search.study.sections import Scheduler


def bracket_shares(scheduler: Scheduler) -> tuple[float, ...]:
    """Share of the trials that are first judged at rung 1, 2, ...; there are no more brackets than rungs.

    In proportion to Hyperband's (Li et al. 2018, JMLR 18): a bracket of trials that are first judged at rung
    b + 1 of R has eta^(R-1-b) / (R-b) of them, so that each bracket costs about as much.
    """
    rungs, factor = scheduler.rungs, scheduler.reduction_factor
    weights = [factor ** (rungs - 1 - b) / (rungs - b) for b in range(min(scheduler.brackets, rungs))]
    return tuple(weight / sum(weights) for weight in weights)

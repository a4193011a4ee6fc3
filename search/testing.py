"""What samplers and schedulers promise, as checks that their author can run.

from search.testing import check_sampler
def test_my_sampler() -> None:
    check_sampler(my_sampler)
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from search.scheduling.live_study import LiveStudy
from search.scheduling.rung_order import Standing
from search.space.loader import load_text
from search.study.domains import Scalar
from trainables.contracts.promise import holds

SPACE = """\
name: check
question: What does it propose?
objectives: [{metric: probe/accuracy, mode: max}, {metric: sae/fvu, mode: min}]
trial:
  sae:
    kind: {choice: [topk, relu]}
    width: {log_int: [16, 64]}
    k: {int: [1, 8]}
  auxiliary: {activation_l1: {log_uniform: [0.01, 1], or: 0}}
"""
PROPOSALS = 6


def check_sampler(sampler: Callable[..., Any]) -> None:
    """Every proposal is a trial that can be run; the same study and seed give the same, so that a resumed run
    goes on as if it had not been broken off; and not all proposals are one."""
    proposed = _proposals(sampler, seed=0)
    holds(proposed == _proposals(sampler, seed=0), "the same study and seed give other proposals")
    holds(len({str(params) for params in proposed}) > 1, "all its proposals are the same")


def _proposals(sampler: Callable[..., Any], seed: int) -> list[dict[str, Scalar]]:
    path = f"{sampler.__module__}:{sampler.__qualname__}"
    study = load_text(SPACE, "check", [f"budget.seed={seed}"]).study
    study = replace(study, sampler=study.sampler.model_copy(update={"name": path}))
    book, proposed = LiveStudy(study), []
    for _ in range(PROPOSALS):
        proposed.append(book.propose())
        study.trial_config(proposed[-1])  # raises for a draw that is no trial
    return proposed


def check_scheduler(kind: Callable[[int], Any]) -> None:
    """A rung decides the same after a resume, where earlier trials are only recorded; a trial that comes
    twice counts once; and a trial called hopeless is stopped, however good it is."""
    draws = random.Random(0)
    trials = [
        (number, Standing(float(draws.random() < 0.4), (draws.random(), draws.random())))
        for number in range(24)
    ]
    unbroken, decided = kind(3), list[bool]()
    for number, standing in trials:
        resumed = kind(3)
        for other, before in trials[:number]:
            resumed.record(1, other, before)
        hopeless = unbroken.hopeless(1, standing.violation)
        decided.append(unbroken.survives(1, number, standing))
        holds(isinstance(decided[-1], bool), f"survives gives {decided[-1]!r}, not True or False")
        holds(
            resumed.survives(1, number, standing) == decided[-1],
            f"after a resume it decides otherwise about trial {number}",
        )
        holds(not (hopeless and decided[-1]), f"trial {number} is called hopeless and survives")
        if number < 3:
            holds(
                unbroken.survives(1, number, standing) == decided[-1], "a trial that comes twice counts twice"
            )
    holds(any(decided), "nobody survives")

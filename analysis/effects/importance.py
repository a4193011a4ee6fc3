"""How much of an objective's variation each parameter accounts for, by two methods of Optuna's.

fANOVA (Hutter et al. 2014) fits a random forest to the scores and splits its variance among the parameters;
it sees only those that every trial draws. PED-ANOVA (Watanabe et al. 2023, for conditional ones 2026) asks
how far the best tenth of the trials differs from all in each parameter, and sees conditional ones too. Both
tell what mattered where the sampler went, and not in which direction; `analysis.effects.table` does that.
Shares sum to 1 whether anything mattered or not, so beside each stands the largest share of 19 in which the
scores were dealt out to the trials anew: a setting that does nothing exceeds it once in twenty times.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import numpy as np
import optuna
from optuna.importance import (
    BaseImportanceEvaluator,
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)
from optuna.trial import FrozenTrial, TrialState, create_trial

from analysis.effects.effect import HasTrials
from analysis.effects.settings import Array
from search.formatting import count
from search.ledger.history import TrialRecord
from search.scheduling.distributions import distributions
from search.study.sections import Objective
from search.study.study import Study

Method = Literal["fANOVA", "PED-ANOVA"]
FEWEST_TRIALS = 20
MOST_TRIALS: dict[Method, int] = {"fANOVA": 80, "PED-ANOVA": 5000}
"""Of more, as many are taken, evenly over the run: fANOVA's time grows with their square."""
PERMUTATIONS = 19
_TREES, _CHANCE_TREES = 64, 4
"""Of fANOVA's forests; those of dealt-out scores are small, which makes chance look larger if anything."""
_BEST_SHARE = 0.1
_FEWEST_BEST = 5
"""So many belong to the best, as Optuna advises, even where a tenth is less."""


@dataclass(frozen=True)
class ParameterImportance:
    """One parameter's share. `share` is of all parameters that the method could score, summing to 1."""

    path: str
    """A path ending in `?` is the switch of a parameter that may be off."""
    share: float
    chance: float | None = None
    """The largest share that it had in `PERMUTATIONS` shuffles of the scores; None if none was made."""

    @property
    def is_clear(self) -> bool:
        """Whether it is more than chance gives once in twenty times; False where that is not known."""
        return self.chance is not None and self.share > self.chance


@dataclass(frozen=True)
class Importances:
    """What one method says of one objective: parameters, the most important first; or the reason of none."""

    objective: str
    method: Method
    shares: tuple[ParameterImportance, ...]
    n_trials: int
    left_out: tuple[str, ...] = ()
    """Parameters that the method cannot score: not drawn in every trial (fANOVA), or never drawn."""
    reason: str | None = None
    """Why there are no shares, a sentence; None if there are."""


def importances(
    run: HasTrials,
    *,
    methods: Sequence[Method] = get_args(Method),
    seed: int = 0,
    permutations: int = PERMUTATIONS,
) -> tuple[Importances, ...]:
    """The methods for every objective of a search, from fully trained trials alone.

    A parameter that has one value only, in its domain or in all trials, gets 0. Deterministic for a seed.
    permutations: shuffles of the scores for `ParameterImportance.chance`; 0 for none.
    """
    study = run.study
    if study is None:
        return ()
    trials = _frozen(study, run.history.in_state("COMPLETE"))
    return tuple(
        _scored(study, objective, k, method, _thinned(trials, MOST_TRIALS[method]), seed, permutations)
        for k, objective in enumerate(study.objectives)
        for method in methods
    )


def _frozen(study: Study, records: Sequence[TrialRecord]) -> list[FrozenTrial]:
    """The trials as Optuna keeps them; without those whose params or values it would refuse."""
    known = distributions(study)
    found = []
    for record in records:
        if record.values is None or not all(map(math.isfinite, record.values)):
            continue
        if not set(record.params) <= set(known):
            continue
        try:
            trial = create_trial(
                state=TrialState.COMPLETE,
                params=dict(record.params),
                distributions={name: known[name] for name in record.params},
                values=list(record.values),
            )
        except ValueError:  # a value outside its domain: a damaged or edited ledger
            continue
        found.append(trial)
    return found


def _thinned(trials: list[FrozenTrial], most: int) -> list[FrozenTrial]:
    if len(trials) <= most:
        return trials
    return [trials[k * (len(trials) - 1) // (most - 1)] for k in range(most)]


def _scored(
    study: Study,
    objective: Objective,
    k: int,
    method: Method,
    trials: list[FrozenTrial],
    seed: int,
    permutations: int,
) -> Importances:
    reason = _reason(study, objective, k, method, trials)
    if reason is not None:
        return Importances(objective.metric, method, (), len(trials), reason=reason)
    everywhere = set.intersection(*(set(trial.params) for trial in trials))
    anywhere = {name for trial in trials for name in trial.params}
    scored = sorted(everywhere if method == "fANOVA" else anywhere)
    constant = {name for name in scored if len({trial.params.get(name) for trial in trials}) == 1}
    varied = [name for name in scored if name not in constant]
    sign = 1.0 if objective.mode == "min" else -1.0
    losses = sign * np.array([trial.values[k] for trial in trials])
    shares_of = partial(_shares, study, varied, trials, method, seed)
    shares = shares_of(losses) if varied else {}
    if not sum(shares.values()) > 0:
        reason = f"{method} finds nothing that any searched parameter accounts for."
        return Importances(objective.metric, method, (), len(trials), reason=reason)
    shares |= dict.fromkeys(sorted(constant), 0.0)
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    left_out = tuple(name for name in distributions(study) if name not in scored)
    chance = _by_chance(partial(shares_of, trees=_CHANCE_TREES), losses, seed, permutations)
    found = tuple(ParameterImportance(name, share, chance.get(name)) for name, share in ranked)
    return Importances(objective.metric, method, found, len(trials), left_out)


def _reason(
    study: Study, objective: Objective, k: int, method: Method, trials: Sequence[FrozenTrial]
) -> str | None:
    if not study.is_search:
        return "These trials were listed beforehand; effects of what they change say what importances would."
    if len(trials) < FEWEST_TRIALS:
        return (
            f"{count(len(trials), 'trial')} trained in full {'is' if len(trials) == 1 else 'are'} too few "
            f"to score parameters by; {method} is given {FEWEST_TRIALS} at least."
        )
    if len({trial.values[k] for trial in trials}) == 1:
        return f"All trials score the same in {objective.metric}."
    return None


def _by_chance(
    shares_of: Callable[[Array], dict[str, float]], losses: Array, seed: int, permutations: int
) -> dict[str, float]:
    """Path -> the largest share of it when the losses are dealt out to the trials anew."""
    draw = np.random.default_rng(seed)
    found: dict[str, float] = {}
    for _ in range(permutations):
        shares = shares_of(draw.permutation(losses))
        found = {name: max(found.get(name, 0.0), share) for name, share in shares.items()}
    return found


def _shares(
    study: Study,
    names: list[str],
    trials: list[FrozenTrial],
    method: Method,
    seed: int,
    losses: Array,
    trees: int = _TREES,
) -> dict[str, float]:
    """Of losses (n,), less being better, as PED-ANOVA has its target, whatever the study's direction."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    rebuilt = optuna.create_study(directions=["minimize"] * len(study.objectives))
    rebuilt.add_trials(trials)
    evaluator: BaseImportanceEvaluator

    def target(trial: FrozenTrial) -> float:
        return float(losses[trial.number])

    if method == "fANOVA":
        evaluator = FanovaImportanceEvaluator(n_trees=trees, seed=seed)
    else:
        best = max(_BEST_SHARE, _FEWEST_BEST / len(trials))
        evaluator = PedAnovaImportanceEvaluator(target_quantile=min(0.5, best))
    with warnings.catch_warnings():
        # PED-ANOVA says that a target is minimised, as losses are, and that a parameter drawn in
        # one trial only is skipped.
        warnings.simplefilter("ignore", UserWarning)
        found = get_param_importances(rebuilt, evaluator=evaluator, params=names, target=target)
    return {name: float(share) for name, share in found.items()}

"""Draws that fill a space evenly: trial n takes point n of a scrambled Sobol sequence."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from search.scheduling.distributions import at_quantile, distributions
from search.study.study import Study


class SobolSampler(BaseSampler):
    """Each parameter and switch of the study has an axis of its own, also one that is drawn only sometimes.

    Optuna's `QMCSampler` covers what all trials have in common and draws the rest at random; and it counts
    points in the study, which a resumed run would have to restore. Here the trial's number is the point's.
    """

    def __init__(self, study: Study) -> None:
        self._axes = {name: axis for axis, name in enumerate(distributions(study))}
        self._seed = study.budget.seed

    def infer_relative_search_space(
        self,
        study: optuna.Study,  # noqa: ARG002
        trial: FrozenTrial,  # noqa: ARG002
    ) -> dict[str, BaseDistribution]:
        """Nothing is drawn together."""
        return {}

    def sample_relative(
        self,
        study: optuna.Study,  # noqa: ARG002
        trial: FrozenTrial,  # noqa: ARG002
        search_space: dict[str, BaseDistribution],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Nothing is drawn together."""
        return {}

    def sample_independent(
        self,
        study: optuna.Study,  # noqa: ARG002
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """The coordinate of the trial's point on the parameter's axis."""
        point = _point(len(self._axes), self._seed, trial.number)
        return at_quantile(param_distribution, float(point[self._axes[param_name]]))


@lru_cache(maxsize=4)
def _point(n_axes: int, seed: int, number: int) -> np.ndarray[Any, Any]:
    from scipy.stats import qmc

    sequence = qmc.Sobol(n_axes, scramble=True, rng=np.random.default_rng(seed))
    if number:
        sequence.fast_forward(number)
    point: np.ndarray[Any, Any] = sequence.random(1)[0]
    return point

"""What a proposal promises: the expected gain of hypervolume, by a forest over what the run has seen.

What the trees of the forest say of a draw, their mean and how far they are apart, is taken for a normal
distribution of each objective and constraint (as SMAC does; Hutter et al. 2011). The gain is averaged over
it, none where a constraint is broken. A trial that was stopped teaches by its last rung, moved by what trials
that were trained in full gained from that rung to the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from search.ledger.history import TrialRecord
from search.ranking.hypervolume import Gain
from search.ranking.pareto import signs
from search.stages.encoding import Encoding, Rows
from search.study.study import Study

TREES = 40
VALUES = 32
"""Draws of what a proposal may turn out to have."""
LEAST_SPREAD = 0.02
"""Of a prediction, in standard deviations of what was seen: the forest is never sure."""
Array = np.ndarray[Any, np.dtype[np.float64]]


class Promise:
    """Made of the trials that a sampler is shown."""

    def __init__(self, study: Study, encoding: Encoding, records: Sequence[TrialRecord], seed: int) -> None:
        self._study, self._encoding = study, encoding
        self._names = [o.metric for o in study.objectives] + [c.metric for c in study.constraints]
        self._signs = np.array(signs(study))
        self._k = len(study.objectives)
        taught = self._taught(records)
        self.can_tell = len(taught) >= 2
        if self.can_tell:
            self._fit([record.params for record, _ in taught], np.array([y for _, y in taught]), seed)
            self._note_front(records)

    def of(self, rows: Rows) -> Array:
        """Expected gain (draws,): of hypervolume; while nothing keeps the constraints, of nearness."""
        opinions = np.stack([tree.predict(rows).reshape(len(rows), -1) for tree in self._trees])
        spread = np.hypot(opinions.std(0), LEAST_SPREAD)
        draws = opinions.mean(0) + spread * self._normal[:, None]  # (draws of values, draws, outputs)
        told = draws * self._scale + self._middle
        violation = self._violation(told[..., self._k :])
        if self._gain is None:
            return np.maximum(0.0, self._least - violation).mean(0)
        gain = self._gain.of(told[..., : self._k] * self._signs)
        found: Array = np.where(violation > 0, 0.0, gain).mean(0)
        return found

    def _fit(self, draws: Sequence[Mapping[str, Any]], values: Array, seed: int) -> None:
        from sklearn.ensemble import ExtraTreesRegressor

        self._middle = values.mean(0)
        self._scale = np.where(values.std(0) > 0, values.std(0), 1.0)
        forest = ExtraTreesRegressor(TREES, bootstrap=True, random_state=seed, n_jobs=1, max_features=0.7)
        forest.fit(self._encoding.rows(draws), (values - self._middle) / self._scale)
        self._trees = forest.estimators_
        self._normal = np.random.default_rng(seed).standard_normal((VALUES, values.shape[1]))

    def _note_front(self, records: Sequence[TrialRecord]) -> None:
        full = [record for record in records if record.state == "COMPLETE" and record.values is not None]
        rows = [[record.metrics.get(name, np.inf) for name in self._names] for record in full]
        values = np.array(rows, dtype=np.float64).reshape(-1, len(self._names))
        violation = self._violation(values[:, self._k :])
        kept = values[violation == 0][:, : self._k] * self._signs
        self._gain = Gain(kept) if len(kept) else None
        self._least = float(violation.min()) if len(violation) else 0.0

    def _taught(self, records: Sequence[TrialRecord]) -> list[tuple[TrialRecord, Array]]:
        """Each trial with its values at full training, or where they would be."""
        last = self._study.scheduler.rungs
        seen = {
            record.number: {rung: self._values(report.metrics) for rung, report in record.rungs.items()}
            for record in records
        }
        found = []
        for record in records:
            rungs = seen[record.number]
            rung = max(rungs, default=0)
            values = rungs.get(rung)
            if values is None:
                continue
            if rung < last:
                pairs = [(own.get(rung), own.get(last)) for own in seen.values()]
                moves = [b - a for a, b in pairs if a is not None and b is not None]
                if not moves:
                    continue
                values = values + np.median(moves, axis=0)
            found.append((record, values))
        return found

    def _values(self, metrics: Mapping[str, float]) -> Array | None:
        values = np.array([metrics.get(name, np.nan) for name in self._names])
        return values if np.isfinite(values).all() else None

    def _violation(self, values: Array) -> Array:
        """How far outside the constraints (..., constraints) lies, summed as `standing_at` does; (...)."""
        total: Array = np.zeros(values.shape[:-1])
        for i, limit in enumerate(self._study.constraints):
            below = 0.0 if limit.min is None else limit.min - values[..., i]
            above = 0.0 if limit.max is None else values[..., i] - limit.max
            total = total + np.maximum(0.0, np.maximum(below, above))
        return total

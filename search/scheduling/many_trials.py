"""Many trials written into Optuna's SQLite file at once.

Optuna's own way in takes one trial at a time, asks the database back for each of its values, and so needs
minutes for thousands. What is written here is the same rows, by Optuna's own table definitions and its own
forms of values; a test holds the two ways against each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from optuna.distributions import distribution_to_json
from optuna.storages import RDBStorage
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial

Rows = list[dict[str, Any]]


def insert(storage: RDBStorage, study_id: int, trials: Sequence[FrozenTrial]) -> None:
    """Write `trials` into a study that has none, in one transaction. Raises SQLAlchemyError."""
    tables: list[tuple[Any, Rows]] = [
        (models.TrialModel, [_trial(trial, study_id) for trial in trials]),
        (models.TrialValueModel, [row for trial in trials for row in _values(trial)]),
        (models.TrialParamModel, [row for trial in trials for row in _params(trial)]),
        (models.TrialUserAttributeModel, _attributes((trial.number, trial.user_attrs) for trial in trials)),
        (
            models.TrialSystemAttributeModel,
            _attributes((trial.number, trial.system_attrs) for trial in trials),
        ),
        (models.TrialIntermediateValueModel, [row for trial in trials for row in _steps(trial)]),
    ]
    with storage.engine.begin() as connection:
        for model, rows in tables:
            if rows:
                connection.execute(model.__table__.insert(), rows)


def _id(number: int) -> int:
    """Trials of the only study of a fresh file are numbered from 1."""
    return number + 1


def _trial(trial: FrozenTrial, study_id: int) -> dict[str, Any]:
    return {
        "trial_id": _id(trial.number),
        "number": trial.number,
        "study_id": study_id,
        "state": trial.state,
        "datetime_start": _stored(trial.datetime_start),
        "datetime_complete": _stored(trial.datetime_complete),
    }


def _stored(moment: datetime | None) -> datetime | None:
    """Naive local time as Optuna stores it: naive UTC."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def _values(trial: FrozenTrial) -> Rows:
    rows = []
    for objective, told in enumerate(trial.values or ()):
        value, kind = models.TrialValueModel.value_to_stored_repr(told)
        rows.append(
            {"trial_id": _id(trial.number), "objective": objective, "value": value, "value_type": kind}
        )
    return rows


def _params(trial: FrozenTrial) -> Rows:
    return [
        {
            "trial_id": _id(trial.number),
            "param_name": name,
            "param_value": trial.distributions[name].to_internal_repr(value),
            "distribution_json": distribution_to_json(trial.distributions[name]),
        }
        for name, value in trial.params.items()
    ]


def _attributes(told: Iterable[tuple[int, dict[str, Any]]]) -> Rows:
    return [
        {"trial_id": _id(number), "key": key, "value_json": json.dumps(value)}
        for number, attributes in told
        for key, value in attributes.items()
    ]


def _steps(trial: FrozenTrial) -> Rows:
    rows = []
    for step, told in trial.intermediate_values.items():
        value, kind = models.TrialIntermediateValueModel.intermediate_value_to_stored_repr(told)
        rows.append(
            {
                "trial_id": _id(trial.number),
                "step": step,
                "intermediate_value": value,
                "intermediate_value_type": kind,
            }
        )
    return rows

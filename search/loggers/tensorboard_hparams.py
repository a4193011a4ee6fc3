"""What TensorBoard's HPARAMS tab is told: one experiment for the run, one session a trial.

TensorBoard takes the columns from a single experiment record, so the record is made from the study and
names every parameter that any trial can have. Records made trial by trial lose the conditional ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tensorboard.compat.proto import summary_pb2
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

from search.ledger.events import State
from search.ledger.history import TrialRecord
from search.study.domains import Choice, Parameter, Scalar
from search.study.sections import Constraint
from search.study.study import Study
from trainables.metrics.catalog import METRICS

RUNG_TAG = "search/rung"
"""Scalar that tells full-budget values from those of a trial stopped early."""

_STATUS: Mapping[State, Any] = {
    "RUNNING": api_pb2.STATUS_RUNNING,
    "COMPLETE": api_pb2.STATUS_SUCCESS,
    "PRUNED": api_pb2.STATUS_SUCCESS,
    "FAIL": api_pb2.STATUS_FAILURE,
}


def experiment_summary(study: Study) -> summary_pb2.Summary:
    """The columns: every parameter with its domain, every objective and constraint, the rung reached."""
    experiment = api_pb2.Experiment(
        description=study.question,
        hparam_infos=[_parameter_info(parameter) for parameter in study.parameters],
        metric_infos=_metric_infos(study),
    )
    return _summary(metadata.EXPERIMENT_TAG, plugin_data_pb2.HParamsPluginData(experiment=experiment))


def session_start_summary(study: Study, trial: TrialRecord) -> summary_pb2.Summary:
    """The trial's row: the value of every parameter it has, switches resolved to the value they led to."""
    info = plugin_data_pb2.SessionStartInfo(group_name=trial.folder, start_time_secs=trial.started)
    values = study.values(trial.params)
    for parameter in study.parameters:
        if parameter.path in values:
            _set_value(info.hparams[parameter.path], values[parameter.path], _data_type(parameter))
    return _summary(
        metadata.SESSION_START_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_start_info=info)
    )


def session_end_summary(trial: TrialRecord) -> summary_pb2.Summary:
    """How the trial ended; being stopped at a rung is a success of the search, not a failure."""
    info = plugin_data_pb2.SessionEndInfo(
        status=_STATUS[trial.state], end_time_secs=trial.started if trial.ended is None else trial.ended
    )
    return _summary(metadata.SESSION_END_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_end_info=info))


def _possible_values(parameter: Parameter) -> tuple[Scalar, ...]:
    """Options, or the ends of the range, and the value taken when switched off."""
    domain = parameter.domain
    values = domain.options if isinstance(domain, Choice) else (domain.low, domain.high)
    if parameter.has_switch and parameter.or_value is not None and parameter.or_value not in values:
        values = (*values, parameter.or_value)
    return values


def _data_type(parameter: Parameter) -> Any:
    """The one type that holds every value of a column; text when they are of several kinds."""
    values = _possible_values(parameter)
    if all(isinstance(value, bool) for value in values):
        return api_pb2.DATA_TYPE_BOOL
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return api_pb2.DATA_TYPE_FLOAT64
    return api_pb2.DATA_TYPE_STRING


def _parameter_info(parameter: Parameter) -> Any:
    kind = _data_type(parameter)
    info = api_pb2.HParamInfo(name=parameter.path, type=kind, differs=True)
    values = _possible_values(parameter)
    if isinstance(parameter.domain, Choice):
        options = [str(v) for v in values] if kind == api_pb2.DATA_TYPE_STRING else list(values)
        info.domain_discrete.extend(options)
    elif kind == api_pb2.DATA_TYPE_FLOAT64:
        numbers = [float(v) for v in values]
        info.domain_interval.min_value, info.domain_interval.max_value = min(numbers), max(numbers)
    return info


def _set_value(field: Any, value: Scalar, kind: Any) -> None:
    if kind == api_pb2.DATA_TYPE_BOOL:
        field.bool_value = value
    elif kind == api_pb2.DATA_TYPE_FLOAT64:
        field.number_value = value
    else:
        field.string_value = str(value)


def _metric_infos(study: Study) -> list[Any]:
    notes: dict[str, list[str]] = {}
    for objective in study.objectives:
        notes.setdefault(objective.metric, []).append(objective.mode)
    for constraint in study.constraints:
        notes.setdefault(constraint.metric, []).append(_limits(constraint))
    infos = [
        _metric_info(
            name, f"{name} ({', '.join(note)})", METRICS[name].description if name in METRICS else ""
        )
        for name, note in notes.items()
    ]
    reached = f"rung reached, of {study.scheduler.rungs}: values below the last are of a smaller budget"
    return [*infos, _metric_info(RUNG_TAG, f"{RUNG_TAG} (of {study.scheduler.rungs})", reached)]


def _metric_info(tag: str, display_name: str, description: str) -> Any:
    return api_pb2.MetricInfo(
        name=api_pb2.MetricName(tag=tag), display_name=display_name, description=description
    )


def _limits(constraint: Constraint) -> str:
    ends: Sequence[tuple[str, float | None]] = (("≥", constraint.min), ("≤", constraint.max))
    return " ".join(f"{sign} {end:g}" for sign, end in ends if end is not None)


def _summary(tag: str, data: Any) -> summary_pb2.Summary:
    """The record as the plugin reads it; maps in a fixed order, so that equal records are equal bytes."""
    data.version = metadata.PLUGIN_DATA_VERSION
    plugin = summary_pb2.SummaryMetadata.PluginData(
        plugin_name=metadata.PLUGIN_NAME, content=data.SerializeToString(deterministic=True)
    )
    value = summary_pb2.Summary.Value(
        tag=tag, metadata=summary_pb2.SummaryMetadata(plugin_data=plugin), tensor=metadata.NULL_TENSOR
    )
    return summary_pb2.Summary(value=[value])

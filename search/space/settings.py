"""Everything of a space file but `trial`: node -> the dataclasses of `search.study.study`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from search.space.field_check import accepted, fault
from search.space.foreign_words import objective_hint, setting_hint
from search.space.nodes import Items, Leaf, Node, Table, show, show_atom
from search.space.problems import Problems, choices_hint
from search.study.registries import REPORT_SECTIONS
from search.study.sections import (
    Budget,
    BudgetModel,
    Confirm,
    ConfirmModel,
    Constraint,
    ConstraintModel,
    DataModel,
    DataSource,
    Objective,
    ObjectiveModel,
    ReportModel,
    Resources,
    ResourcesModel,
    Sampler,
    SamplerModel,
    Scheduler,
    SchedulerModel,
    ScoreModel,
    SpaceModel,
)
from trainables.errors import MemberError
from trainables.metrics.catalog import METRICS
from trainables.registry import DATASETS
from trainables.settings.data import DataConfig

# The first rung's share of the training below which a pipeline says nothing.
SMALLEST_SHARE = 1 / 1024


def read_settings(root: Table, problems: Problems) -> dict[str, Any]:
    """Keyword arguments of Study but parameters and constants; complete only if no problem was noted."""
    for key, where in root.keys.items():
        if key != "trial" and key not in SpaceModel.model_fields:
            known = [*SpaceModel.model_fields, "trial"]
            hint = setting_hint(key, root.entries[key]) or choices_hint(key, known)
            problems.add(where, key, f"unknown key{hint}")
    settings: dict[str, Any] = {}
    for name in ("name", "question"):
        settings[name] = _read_field(SpaceModel, name, root, "", problems)
    settings["data"] = DataSource(**_data(root, problems))
    settings["objectives"] = tuple(_objectives(root, problems))
    settings["constraints"] = tuple(_constraints(root, problems))
    settings["score"] = tuple(_section(ScoreModel, "score", root, problems).get("parts", ()))
    settings["budget"] = Budget(**_section(BudgetModel, "budget", root, problems))
    settings["scheduler"] = Scheduler(**_scheduler(root, problems))
    for name in ("objectives", "constraints"):
        check_metric_times(root, name, settings[name], settings["scheduler"].rungs, problems)
    settings["sampler"] = Sampler(**_section(SamplerModel, "sampler", root, problems))
    settings["resources"] = Resources(**_section(ResourcesModel, "resources", root, problems))
    settings["confirm"] = Confirm(**_section(ConfirmModel, "confirm", root, problems))
    settings["report"] = _report(root, problems)
    return settings


def _report(root: Table, problems: Problems) -> tuple[str, ...]:
    """The names of the sections from elsewhere, each looked at."""
    names = tuple(str(_section(ReportModel, "report", root, problems).get("sections", "")).split())
    node = root.entries.get("report")
    for name in names:
        where = node.entries["sections"].where if isinstance(node, Table) else root.where
        try:
            REPORT_SECTIONS[name]
        except (KeyError, MemberError) as error:
            text = str(error) if isinstance(error, MemberError) else f"no report section is called {name!r}"
            problems.add(where, "report.sections", text)
    return names


def _section(model: type[BaseModel], name: str, root: Table, problems: Problems) -> dict[str, Any]:
    """The settings of one section, defaults filled in; a faulty setting is noted and left out."""
    node = root.entries.get(name, Table(root.where, {}, {}, 1, 1))
    if not isinstance(node, Table):
        problems.add(node.where, name, f"wrong value {show(node)}; {_wanted_mapping(model)}")
        return {}
    return _read_model(model, node, name, problems)


def _read_model(model: type[BaseModel], node: Table, path: str, problems: Problems) -> dict[str, Any]:
    for key, where in node.keys.items():
        if key not in model.model_fields:
            foreign = objective_hint(key, node.entries[key]) if path.startswith("objectives[") else None
            hint = foreign or choices_hint(key, list(model.model_fields))
            problems.add(where, f"{path}.{key}", f"unknown key{hint}")
    read = {name: _read_field(model, name, node, path, problems) for name in model.model_fields}
    return {name: value for name, value in read.items() if value is not None}


def _read_field(model: type[BaseModel], name: str, node: Table, path: str, problems: Problems) -> Any:
    """The field's value or default; None where it is absent, null or faulty."""
    field, full = model.model_fields[name], f"{path}.{name}" if path else name
    if name not in node.entries:
        if field.is_required():
            meaning = str(field.description).removesuffix(".")
            problems.add(node.where, full, f"missing; give one ({meaning[0].lower()}{meaning[1:]})")
            return None
        return field.get_default()
    entry = node.entries[name]
    if get_origin(field.annotation) is list:
        return _read_list(model, name, entry, full, problems)
    if not isinstance(entry, Leaf):
        problems.add(
            entry.where, full, f"wrong value {show(entry)}; must be one value{_constant_only(entry)}"
        )
        return None
    wrong = fault(model, name, entry.value)
    if wrong is not None:
        problems.add(entry.where, full, wrong)
        return None
    return accepted(model, name, entry.value)


def _constant_only(node: Node) -> str:
    domains = {"choice", "uniform", "log_uniform", "int", "log_int"}
    searched = isinstance(node, Table) and not domains.isdisjoint(node.entries)
    return "; only values under `trial` can be searched" if searched else ""


def _read_list(model: type[BaseModel], name: str, node: Node, path: str, problems: Problems) -> list[Any]:
    """Items of a list field: sections as dicts, names as strings."""
    if not isinstance(node, Items):
        problems.add(node.where, path, f"wrong value {show(node)}; must be a list")
        return []
    field = model.model_fields[name]
    if not node.items and any(getattr(item, "min_length", 0) for item in field.metadata):
        problems.add(node.where, path, "an empty list; at least one is needed")
    (inner,) = get_args(field.annotation)
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return [_read_item(inner, item, f"{path}[{i}]", problems) for i, item in enumerate(node.items)]
    names: list[str] = []
    (known,) = (extra.json_schema_extra["enum"] for extra in inner.__metadata__)
    for i, item in enumerate(node.items):
        if not isinstance(item, Leaf) or item.value not in known:
            value = item.value if isinstance(item, Leaf) else show(item)
            problems.add(
                item.where, f"{path}[{i}]", f"unknown value {show(item)}{choices_hint(value, known)}"
            )
        elif item.value in names:
            problems.add(item.where, f"{path}[{i}]", f"{show(item)} is listed twice; list it once")
        else:
            names.append(str(item.value))
    return names


def _read_item(model: type[BaseModel], node: Node, path: str, problems: Problems) -> dict[str, Any]:
    if not isinstance(node, Table):
        problems.add(node.where, path, f"wrong value {show(node)}; {_wanted_mapping(model)}")
        return {}
    return _read_model(model, node, path, problems)


def _wanted_mapping(model: type[BaseModel]) -> str:
    return f"must be a mapping with {', '.join(model.model_fields)}"


def _list_nodes(root: Table, name: str) -> list[Node]:
    node = root.entries.get(name)
    return list(node.items) if isinstance(node, Items) else []


def _read_models(name: str, root: Table, problems: Problems) -> list[dict[str, Any]]:
    values = _read_field(SpaceModel, name, root, "", problems)
    return values or []


def _objectives(root: Table, problems: Problems) -> list[Objective]:
    objectives: list[Objective] = []
    read = _read_models("objectives", root, problems)
    for i, (values, node) in enumerate(zip(read, _list_nodes(root, "objectives"), strict=False)):
        if set(values) != set(ObjectiveModel.model_fields):
            continue
        objective, path = Objective(**values), f"objectives[{i}]"
        better = METRICS[objective.metric].mode
        if any(other.metric == objective.metric for other in objectives):
            problems.add(
                node.where, f"{path}.metric", f"{objective.metric} is an objective already; name it once"
            )
        elif better is not None and better != objective.mode:
            where = node.entries["mode"].where if isinstance(node, Table) else node.where
            what = f"{objective.metric} is {METRICS[objective.metric].description}"
            text = f"wrong value {objective.mode!r} ({what}); must be {better!r}"
            problems.add(where, f"{path}.mode", text)
        objectives.append(objective)
    return objectives


def _constraints(root: Table, problems: Problems) -> list[Constraint]:
    constraints: list[Constraint] = []
    read = _read_models("constraints", root, problems)
    for i, (values, node) in enumerate(zip(read, _list_nodes(root, "constraints"), strict=False)):
        given = node.entries if isinstance(node, Table) else {}
        if "metric" not in values or any(key in given and key not in values for key in ("min", "max")):
            continue
        constraint, path = Constraint(**values), f"constraints[{i}]"
        if constraint.min is None and constraint.max is None:
            unknown = set(given) - set(ConstraintModel.model_fields)
            if not unknown:
                problems.add(node.where, path, f"no limit on {constraint.metric}; give min, max or both")
        elif constraint.min is not None and constraint.max is not None and constraint.min > constraint.max:
            text = f"min {constraint.min:g} is above max {constraint.max:g}; no value satisfies both"
            problems.add(given["min"].where, f"{path}.min", text)
        if any(other.metric == constraint.metric for other in constraints):
            text = f"{constraint.metric} is constrained already; give min and max in one entry"
            problems.add(node.where, f"{path}.metric", text)
        constraints.append(constraint)
    return constraints


def _data(root: Table, problems: Problems) -> dict[str, Any]:
    node = root.entries.get("data")
    own = _own_data_settings(node)
    values = _section(
        DataModel if own is None or not own.model_fields else _joined(DataModel, own), "data", root, problems
    )
    if not isinstance(node, Table) or own is None:
        return values
    values["settings"] = {name: values.pop(name) for name in own.model_fields if name in values}
    for place in {"root", "path"} & set(values):
        values[place] = node.entries[place].where.source.absolute(values[place])
    path, name = node.entries.get("path"), values["name"]
    if own.takes_path and (path is None or (isinstance(path, Leaf) and path.value is None)):
        text = f"missing; the dataset {name} is read from the file given here"
        problems.add(node.where, "data.path", text)
    elif not own.takes_path and "path" in values:
        text = f"{show_atom(values['path'])} would not be read; only npz has a path, other datasets a root"
        problems.add(node.keys["path"], "data.path", text)
    return values


def _own_data_settings(node: Node | None) -> type[DataConfig] | None:
    """The settings that only the data source named in `data` has; None if that cannot be had."""
    name = node.entries.get("name") if isinstance(node, Table) else None
    given = name.value if isinstance(name, Leaf) else DataSource.name
    try:
        own: type[DataConfig] = DATASETS[str(given)]
    except (KeyError, MemberError):  # told where the name is read
        return None
    return own


@cache
def _joined(shared: type[BaseModel], own: type[BaseModel]) -> type[BaseModel]:
    """The fields of both in one section."""
    return type(shared.__name__, (own, shared), {"__doc__": shared.__doc__})


def _scheduler(root: Table, problems: Problems) -> dict[str, Any]:
    values = _section(SchedulerModel, "scheduler", root, problems)
    if values.get("name") == "none":
        return {**values, "rungs": 1}
    node = root.entries.get("scheduler")
    if isinstance(node, Table) and {"rungs", "reduction_factor"} <= set(values):
        share = values["reduction_factor"] ** (1 - values["rungs"])
        if share < SMALLEST_SHARE:
            where = (node.entries.get("rungs") or node).where
            text = (
                f"{values['rungs']} rungs at reduction_factor {values['reduction_factor']} begin with "
                f"1/{1 / share:.0f} of a training; take fewer rungs, 1/{1 / SMALLEST_SHARE:.0f} is the least"
            )
            problems.add(where, "scheduler.rungs", text)
    return values


def check_metric_times(
    root: Table, section: str, wanted: Sequence[Objective | Constraint], rungs: int, problems: Problems
) -> None:
    """Note every entry of `section` whose metric a rung would lack: each rung needs what it judges by."""
    node = root.entries.get(section)
    entries = list(node.items) if isinstance(node, Items) else []
    for entry in wanted:
        when = METRICS[entry.metric].when
        if when == "confirm":
            text = f"{entry.metric} is measured only in a confirmation, after the search"
        elif when == "final" and rungs > 1:
            text = f"{entry.metric} exists only at full budget, not at rungs; take scheduler: {{name: none}}"
        else:
            continue
        for i, item in enumerate(entries):
            metric = item.entries.get("metric") if isinstance(item, Table) else None
            if metric is not None and getattr(metric, "value", None) == entry.metric:
                problems.add(metric.where, f"{section}[{i}].metric", text)

"""Everything of a space file but `trial`: node -> the classes of `search.study.sections`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from search.space.field_check import accepted, fault, fault_of_item
from search.space.foreign_words import objective_hint, setting_hint
from search.space.metric_times import INSTEAD, check_metric_times
from search.space.nodes import Items, Leaf, Node, Table, show, show_atom
from search.space.problems import Problems, choices_hint
from search.study.sections import (
    Budget,
    Concepts,
    Confirm,
    Constraint,
    DataSource,
    Objective,
    Report,
    Resources,
    Sampler,
    Scheduler,
    SpaceFile,
)
from trainables.errors import MemberError
from trainables.foreign import is_import_path
from trainables.metrics.catalog import METRICS, OURS, RETIRED
from trainables.registry import DATASETS
from trainables.settings.auxiliary import CONCEPT_FILE
from trainables.settings.data import DataConfig

# The first rung's share of the training below which a pipeline says nothing.
SMALLEST_SHARE = 1 / 1024
RETIRED_SECTIONS = {"score": "interpretability/score"}  # still in the files of older runs
# Sections that are read as they stand.
_PLAIN: dict[str, type[BaseModel]] = {
    "budget": Budget,
    "sampler": Sampler,
    "resources": Resources,
    "confirm": Confirm,
    "report": Report,
}


def read_settings(root: Table, problems: Problems) -> dict[str, Any]:
    """Keyword arguments of Study but parameters and constants; complete only if no problem was noted."""
    for key, where in root.keys.items():
        if key in RETIRED_SECTIONS:
            if not where.source.is_resolved:
                problems.add(where, key, f"{RETIRED_SECTIONS[key]} {INSTEAD}")
        elif key != "trial" and key not in SpaceFile.model_fields:
            known = [*SpaceFile.model_fields, "trial"]
            hint = setting_hint(key, root.entries[key]) or choices_hint(key, known)
            problems.add(where, key, f"unknown key{hint}")
    settings: dict[str, Any] = {}
    for name in ("name", "question", "metrics"):
        settings[name] = _read_field(SpaceFile, name, root, "", problems)
    settings["data"] = _data(root, problems)
    besides = list(settings["metrics"])
    settings["objectives"] = tuple(_objectives(root, besides, problems))
    settings["constraints"] = tuple(_constraints(root, besides, problems))
    settings["metrics"] = tuple(besides)
    settings["scheduler"] = _scheduler(root, problems)
    settings["concepts"] = _concepts(root, problems)
    rungs, is_named = settings["scheduler"].rungs, bool(settings["concepts"].set)
    for name in ("objectives", "constraints"):
        check_metric_times(root, name, settings[name], rungs, is_named, problems)
    for name, section in _PLAIN.items():
        settings[name] = section(**_section(section, name, root, problems))
    settings["report"] = settings["report"].sections
    return settings


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
        # A driver writes all settings of a section, so one that is missing was not known to its version.
        unsaid = getattr(model, "UNSAID", {}) if node.where.source.is_resolved and node.entries else {}
        return unsaid.get(name, field.get_default())
    entry = node.entries[name]
    if get_origin(field.annotation) is tuple:
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


def _read_list(
    model: type[BaseModel], name: str, node: Node, path: str, problems: Problems
) -> tuple[Any, ...]:
    """Items of a list field: sections as dicts, names as strings."""
    inner = get_args(model.model_fields[name].annotation)[0]
    is_section = isinstance(inner, type) and issubclass(inner, BaseModel)
    if isinstance(node, Leaf) and isinstance(node.value, str) and not is_section:
        # Several names in one value, as files of before had it and as --set has it easier.
        leaves = tuple(replace(node, value=name) for name in node.value.split())
        node = Items(node.where, leaves, len(leaves), 1)
    if not isinstance(node, Items):
        problems.add(node.where, path, f"wrong value {show(node)}; must be a list")
        return ()
    if not node.items and any(getattr(item, "min_length", 0) for item in model.model_fields[name].metadata):
        problems.add(node.where, path, "an empty list; at least one is needed")
    if is_section:
        return tuple(_read_item(inner, item, f"{path}[{i}]", problems) for i, item in enumerate(node.items))
    names: list[str] = []
    for i, item in enumerate(node.items):
        value = item.value if isinstance(item, Leaf) else show(item)
        wrong = fault_of_item(model, name, value) if isinstance(item, Leaf) else f"wrong value {show(item)}"
        if value in names:
            wrong = f"{show(item)} is listed twice; list it once"
        if wrong is None:
            names.append(str(value))
        else:
            problems.add(item.where, f"{path}[{i}]", wrong)
    return tuple(names)


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


def _read_models(name: str, root: Table, problems: Problems) -> list[tuple[dict[str, Any], Node]]:
    """The items of a list of sections, each beside its node."""
    values = _read_field(SpaceFile, name, root, "", problems)
    return list(zip(values or [], _list_nodes(root, name), strict=False))


def _metric(
    values: dict[str, Any], besides: list[str], node: Node, path: str, problems: Problems
) -> dict[str, Any] | None:
    """The values with the metric's own name in place of its import path; a metric from elsewhere is added to
    `besides`. None if there is no such metric, which is noted."""
    named = values["metric"]
    if named in RETIRED:  # told by check_metric_times, in new files
        return values
    metric = METRICS[named].metric
    if metric not in OURS and all(METRICS[other].metric is not metric for other in besides):
        if not METRICS.can_be_found(named):
            problems.add(node.where, f"{path}.metric", f"no metric listed under metrics reports {named}")
            return None
        besides.append(named)
    return {**values, "metric": metric.name if is_import_path(named) else named}


def _objectives(root: Table, besides: list[str], problems: Problems) -> list[Objective]:
    objectives: list[Objective] = []
    for i, (values, node) in enumerate(_read_models("objectives", root, problems)):
        path = f"objectives[{i}]"
        if set(values) != set(Objective.model_fields):
            continue
        named = _metric(values, besides, node, path, problems)
        if named is None:
            continue
        objective = Objective(**named)
        better = None if objective.metric in RETIRED else METRICS[objective.metric].mode
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


def _constraints(root: Table, besides: list[str], problems: Problems) -> list[Constraint]:
    constraints: list[Constraint] = []
    for i, (values, node) in enumerate(_read_models("constraints", root, problems)):
        path = f"constraints[{i}]"
        given = node.entries if isinstance(node, Table) else {}
        if "metric" not in values or any(key in given and key not in values for key in ("min", "max")):
            continue
        named = _metric(values, besides, node, path, problems)
        if named is None:
            continue
        constraint = Constraint(**named)
        if constraint.min is None and constraint.max is None:
            unknown = set(given) - set(Constraint.model_fields)
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


def _data(root: Table, problems: Problems) -> DataSource:
    node = root.entries.get("data")
    own = _own_data_settings(node)
    section = DataSource if own is None else DataSource.of(own)
    values = _section(section, "data", root, problems)
    if not isinstance(node, Table) or own is None:
        return section(**values)
    for place in ({"root", "path"} if own.path_is_place else {"root"}) & set(values):
        values[place] = node.entries[place].where.source.absolute(values[place])
    path, name = node.entries.get("path"), values["name"]
    if own.takes_path and (path is None or (isinstance(path, Leaf) and path.value is None)):
        text = f"missing; the dataset {name} is read from what is named here"
        problems.add(node.where, "data.path", text)
    elif not own.takes_path and "path" in values:
        text = (
            f"{show_atom(values['path'])} would not be read; npz, image_folder and module have a path, "
            "other datasets a root"
        )
        problems.add(node.keys["path"], "data.path", text)
    return section(**values)


def _concepts(root: Table, problems: Problems) -> Concepts:
    values, node = _section(Concepts, "concepts", root, problems), root.entries.get("concepts")
    if isinstance(node, Table) and re.fullmatch(CONCEPT_FILE, values.get("set", "")):
        values["set"] = node.entries["set"].where.source.absolute(values["set"])
    return Concepts(**values)


def _own_data_settings(node: Node | None) -> type[DataConfig] | None:
    """The settings that only the data source named in `data` has; None if that cannot be had."""
    name = node.entries.get("name") if isinstance(node, Table) else None
    given = name.value if isinstance(name, Leaf) else DataSource.model_fields["name"].default
    try:
        return DATASETS[str(given)]
    except (KeyError, MemberError):  # told where the name is read
        return None


def _scheduler(root: Table, problems: Problems) -> Scheduler:
    values = _section(Scheduler, "scheduler", root, problems)
    if values.get("name") == "none":
        return Scheduler(**{**values, "rungs": 1})
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
    return Scheduler(**values)

"""The `design` of a space file: each direction laid over the trial, and the whole checked as a file.

    design:
      replicates: 5
      one_at_a_time:
        relu: {sae.kind: relu, sae.l1: 1}
        junk_penalty: {auxiliary.junk_penalty: 0.3}

What the trial gives to a kind that a direction replaces is left out of that arm; all else of the trial stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from search.space.entry import Entry
from search.space.field_check import accepted, fault
from search.space.nodes import Items, Leaf, Node, Table, placed, show
from search.space.problems import Problems, Where, choices_hint
from search.space.rules import read_trial_entries
from search.study.design import DEFAULT_ARM, REPLICATE, Arm, Design
from search.study.domains import Scalar
from search.study.sections import NAME_PATTERN, DesignSection
from search.study.study import trial_config
from trainables import config
from trainables.errors import MemberError


def read_design(root: Table, ordered: list[Entry], problems: Problems) -> Design | None:
    """The file's design, its default arm made of the trial's own entries; None without one or if faulty."""
    node = root.entries.get("design")
    if node is None or (isinstance(node, Leaf) and node.value is None):
        return None
    if not isinstance(node, Table):
        text = f"wrong value {show(node)}; must be a mapping with {', '.join(DesignSection.model_fields)}"
        problems.add(node.where, "design", text)
        return None
    for key, where in node.keys.items():
        if key not in DesignSection.model_fields:
            hint = choices_hint(key, list(DesignSection.model_fields))
            problems.add(where, f"design.{key}", f"unknown key{hint}")
    if "sampler" in root.entries:
        text = "a design hands out its own trials; remove sampler, or remove design to search"
        problems.add(root.keys["sampler"], "sampler", text)
    _refuse_domains(ordered, problems)
    replicates = _replicates(node, problems)
    following = _following(node, ordered, problems)
    before = len(problems.found)
    default = Arm(DEFAULT_ARM, {}, _constants(ordered))
    directions = _directions(node, problems)
    if len(problems.found) > before or directions is None:
        return None
    arms = [default, *(_arm(root, name, table, problems) for name, table in directions.items())]
    if problems.found or replicates is None:
        return None
    _refuse_repetitions(arms, directions, problems)
    design = Design(tuple(arms), replicates, following)
    _check_trials(root, design, problems)
    return design


def designed(settings: Mapping[str, Any], root: Table, design: Design) -> dict[str, Any]:
    """A study's settings where a design decides: as many trials as it has, and no stops unless asked for."""
    budget, scheduler = settings["budget"], settings["scheduler"]
    if "scheduler" not in root.entries:
        scheduler = scheduler.model_copy(update={"name": "none", "rungs": 1})
    return {
        **settings,
        "budget": budget.model_copy(update={"trials": design.trials}),
        "scheduler": scheduler,
    }


def _refuse_domains(ordered: list[Entry], problems: Problems) -> None:
    for entry in ordered:
        if entry.domain is not None:
            text = (
                "a design searches nothing; write one value, and what shall vary under design.one_at_a_time"
            )
            problems.add(entry.where, f"trial.{entry.path}", text)
        elif entry.path == REPLICATE:
            text = "the design counts replicates from 0; remove it and set design.replicates"
            problems.add(entry.where, "trial.replicate", text)


def _replicates(node: Table, problems: Problems) -> int | None:
    given = node.entries.get("replicates")
    if given is None:
        text = "missing; give one, 3 or more to tell effect from chance"
        problems.add(node.where, "design.replicates", text)
        return None
    wrong: str | None = f"wrong value {show(given)}; must be a whole number"
    if isinstance(given, Leaf):
        wrong = fault(DesignSection, "replicates", given.value)
        if wrong is None:
            return int(accepted(DesignSection, "replicates", given.value))
    problems.add(given.where, "design.replicates", str(wrong))
    return None


def _following(node: Table, ordered: list[Entry], problems: Problems) -> tuple[str, ...]:
    """The settings that take the replicate's number: whole numbers that the trial gives."""
    given = node.entries.get("following")
    if given is None:
        return ()
    known = {entry.path for entry in ordered if isinstance(entry.constant, int)} - {REPLICATE}
    names = given.items if isinstance(given, Items) else (given,)
    for item in names:
        if not isinstance(item, Leaf) or item.value not in known:
            text = f"wrong value {show(item)}; must be a whole number that the trial gives"
            problems.add(item.where, "design.following", f"{text}{choices_hint(show(item), sorted(known))}")
    return tuple(str(item.value) for item in names if isinstance(item, Leaf))


def _directions(node: Table, problems: Problems) -> dict[str, Table] | None:
    """Name -> its settings, each a leaf under a dotted path; None where there are none at all."""
    path, example = "design.one_at_a_time", "{relu: {sae.kind: relu}}"
    given = node.entries.get("one_at_a_time")
    if not isinstance(given, Table) or not given.entries:
        where = node.where if given is None else given.where
        what = "missing" if given is None else f"wrong value {show(given)}"
        problems.add(where, path, f"{what}; must name at least one direction, as in {example}")
        return None
    found: dict[str, Table] = {}
    for name, table in given.entries.items():
        where = given.keys[name]
        if not re.match(NAME_PATTERN, name):
            text = "letters, digits, dot, underscore and hyphen, beginning with a letter or digit"
            problems.add(where, path, f"wrong name {name!r}; must be {text}")
        elif name == DEFAULT_ARM:
            text = "the trial as it stands is the default already; remove it"
            problems.add(where, f"{path}.{name}", text)
        elif not isinstance(table, Table) or not table.entries:
            text = f"wrong value {show(table)}; must be settings by dotted path, as in {{sae.kind: relu}}"
            problems.add(table.where, f"{path}.{name}", text)
        else:
            _check_settings(f"{path}.{name}", table, problems)
            found[name] = table
    return found


def _check_settings(path: str, table: Table, problems: Problems) -> None:
    for key, value in table.entries.items():
        if key == REPLICATE:
            problems.add(table.keys[key], f"{path}.{key}", "the design sets the replicate; remove it")
        elif key in config.TrialConfig.model_fields:
            text = f"a section; name the value inside it, as in {key}.{_first_field(key)}: ..."
            problems.add(table.keys[key], f"{path}.{key}", text)
        elif not isinstance(value, Leaf):
            text = f"wrong value {show(value)}; must be one value, a direction searches nothing"
            problems.add(value.where, f"{path}.{key}", text)


def _first_field(section: str) -> str:
    return "kind" if section in config.KINDS else next(iter(config.PLAIN[section].model_fields))


def _arm(root: Table, name: str, table: Table, problems: Problems) -> Arm:
    """The arm of one direction; what is wrong with it is noted under its name."""
    own = Problems()
    _, ordered = read_trial_entries(_laid_over(root, table), own)
    for problem in own.found:
        problems.add(problem.where, f"design.one_at_a_time.{name}", f"{problem.path}: {problem.text}")
    values = _constants(ordered)
    return Arm(name, {path: values[path] for path in table.entries if path in values}, values)


def _laid_over(root: Table, table: Table) -> Table:
    """The file as it were if the trial took a direction's settings."""
    changed = root
    for path, value in table.entries.items():
        changed = placed(changed, ["trial", *path.split(".")], value)
        section, _, key = path.partition(".")
        if key == "kind" and isinstance(value, Leaf):
            changed = _without_foreign(changed, section, str(value.value), table)
    return changed


def _without_foreign(root: Table, section: str, kind: str, table: Table) -> Table:
    """Without the settings of a section that its new kind lacks, unless the direction itself gives them."""
    trial = root.entries["trial"]
    assert isinstance(trial, Table)
    node = trial.entries[section]
    try:
        known = config.KINDS[section][kind].model_fields if section in config.KINDS else None
    except (KeyError, MemberError):  # told where the direction's settings are read
        known = None
    if not isinstance(node, Table) or known is None:
        return root
    kept: dict[str, Node] = {
        key: value
        for key, value in node.entries.items()
        if key in known or f"{section}.{key}" in table.entries
    }
    slim = replace(node, entries=kept, keys={key: node.keys[key] for key in kept})
    return placed(root, ["trial", section], slim)


def _constants(ordered: list[Entry]) -> dict[str, Scalar]:
    return {entry.path: entry.constant for entry in ordered if entry.constant is not None}


def _refuse_repetitions(arms: list[Arm], directions: Mapping[str, Table], problems: Problems) -> None:
    """A direction that makes the trial of another arm would measure nothing but chance."""
    seen: dict[str, str] = {}
    for arm in arms:
        trial = trial_config(arm.values).model_dump_json()
        if trial in seen:
            text = f"makes the same trial as {seen[trial]}; set something else or remove it"
            problems.add(directions[arm.name].where, f"design.one_at_a_time.{arm.name}", text)
        seen.setdefault(trial, arm.name)


def _check_trials(root: Table, design: Design, problems: Problems) -> None:
    budget = root.entries.get("budget")
    given = budget.entries.get("trials") if isinstance(budget, Table) else None
    if isinstance(given, Leaf) and given.value != design.trials:
        arms, where = len(design.arms), Where(given.where.source, given.where.line, given.where.column)
        text = (
            f"wrong value {show(given)}; the default and {arms - 1} direction{'s' * (arms > 2)} in "
            f"{design.replicates} replicate{'s' * (design.replicates > 1)} are {design.trials} trials: "
            "write that or leave it out"
        )
        problems.add(where, "budget.trials", text)

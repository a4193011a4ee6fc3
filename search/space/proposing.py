"""Whether the sampler of a space file can propose trials of its space."""

from __future__ import annotations

from search.space.nodes import Table
from search.space.problems import Problems
from search.study.domains import Choice
from search.study.study import Study


def check_sampler(root: Table, study: Study, problems: Problems) -> None:
    """Note why the sampler does not go with the space."""
    node = root.entries.get("sampler", root)
    if study.sampler.name == "cma_es":
        named = node.entries.get("name", node) if isinstance(node, Table) else node
        for wrong in _against_cma_es(study):
            problems.add(named.where, "sampler.name", f"cma_es {wrong}; take tpe")


def _against_cma_es(study: Study) -> list[str]:
    """It moves one bell of a fixed dimension over numbers, by the ranks of one value."""
    found = []
    if len(study.objectives) > 1:
        found.append(f"has one objective, not {len(study.objectives)}")
    others = [
        parameter.path
        for parameter in study.parameters
        if isinstance(parameter.domain, Choice) or parameter.has_switch or parameter.conditions
    ]
    if others:
        found.append(f"draws numbers that every trial has, and {', '.join(others)} cannot be had so")
    elif len(study.parameters) < 2:
        found.append("needs two parameters or more")
    return found

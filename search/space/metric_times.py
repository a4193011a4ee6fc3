"""Whether a rung has what a file judges by: each of them needs it, and what is retired none has."""

from __future__ import annotations

from collections.abc import Sequence

from search.space.nodes import Items, Table
from search.space.problems import Problems
from search.study.sections import Constraint, Objective
from trainables.metrics.catalog import METRICS, RETIRED

INSTEAD = "is measured no more; put {metric: latents/readable, mode: max} among the objectives"


def check_metric_times(
    root: Table,
    section: str,
    wanted: Sequence[Objective | Constraint],
    rungs: int,
    concepts: bool,
    problems: Problems,
) -> None:
    """Note every entry of `section` whose metric a rung would lack, which in an older run's file may be.

    concepts: whether the file names a set of concepts."""
    node = root.entries.get(section)
    entries = list(node.items) if isinstance(node, Items) else []
    for entry in wanted:
        when = "retired" if entry.metric in RETIRED else METRICS[entry.metric].when
        if when == "retired" and not root.where.source.is_resolved:
            text = f"{entry.metric} {INSTEAD}"
        elif when == "confirm":
            text = f"{entry.metric} is measured only in a confirmation, after the search"
        elif when != "retired" and not concepts and "concepts" in METRICS[entry.metric].metric.needs:
            text = f"{entry.metric} is measured by a set of concepts; name one, as concepts: {{set: strokes}}"
        elif when == "final" and rungs > 1:
            text = f"{entry.metric} exists only at full budget, not at rungs; take scheduler: {{name: none}}"
        else:
            continue
        for i, item in enumerate(entries):
            metric = item.entries.get("metric") if isinstance(item, Table) else None
            if metric is not None and getattr(metric, "value", None) == entry.metric:
                problems.add(metric.where, f"{section}[{i}].metric", text)

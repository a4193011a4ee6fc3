"""Whether a metric that a study ranks or constrains by exists when trials are judged."""

from __future__ import annotations

from collections.abc import Sequence

from search.space_nodes import Items, Table
from search.space_problems import Problems
from search.study import Constraint, Objective
from trainables.metric_table import METRICS


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

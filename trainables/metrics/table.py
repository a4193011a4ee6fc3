"""The table of all metrics, made from what is registered.

    python -m trainables.metrics.table > metrics.md

The few that matter first, those of poor signal last. Nulls, skills and references have no line of their own.
A proxy is a metric whose rank correlation with planted truth is below .5, see docs/metric_truth.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from trainables.metrics.catalog import registered
from trainables.metrics.metric import PROXY, Metric

HEADINGS = {
    "key": "The few that matter first",
    "plain": "The others",
    "experimental": "Experimental: of poor signal, see docs/metrics.md",
}


def table(metrics: Iterable[Metric]) -> str:
    """Markdown, a section for each standing."""
    known = tuple(metrics)
    sections = []
    for standing, heading in HEADINGS.items():
        lines = [_line(metric) for metric in known if metric.standing == standing]
        if lines:
            head = [
                "| metric | better | when | unit | what | chance | references |",
                "|---|---|---|---|---|---|---|",
            ]
            sections.append("\n".join([f"## {heading}", "", *head, *lines]))
    return "\n\n".join(sections) + "\n"


def _line(metric: Metric) -> str:
    name = f"`{metric.name}`" + (PROXY if metric.proxy else "")
    references = ", ".join(f"`{name}`" for name in metric.references)
    cells = (name, metric.mode or "", metric.when, metric.unit, metric.description, metric.null, references)
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.stdout.write(table(registered()))

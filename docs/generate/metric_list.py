"""Every metric a space file may name, from the catalogue that the space check uses."""

from __future__ import annotations

from collections.abc import Iterator

from trainables.metrics.catalog import METRICS

WHEN = {"epoch": "every epoch", "rung": "every rung", "final": "at full budget", "confirm": "at confirmation"}
HEAD = """\
# Every metric

Made from the catalogue in `trainables/metrics`. A metric with a null is reported as three values: `x` as
measured, `x_null` at chance on the same data, and `x_skill` from 0 (chance) to 1 (perfect). Those without a
direction are references. [How far each can be trusted](metrics.md) was measured on a default pipeline.

| metric | better | first measured | null | what |
|---|---|---|---|---|
"""


def page() -> str:
    """The whole page as Markdown."""
    return HEAD + "\n".join(_rows()) + "\n"


def _rows() -> Iterator[str]:
    for name, metric in METRICS.items():
        if name.endswith(("_null", "_skill")) and name.rpartition("_")[0] in METRICS:
            continue
        null = "yes" if f"{name}_null" in METRICS else ""
        what = metric.description.replace("|", "\\|")
        yield f"| `{name}` | {metric.mode or ''} | {WHEN[metric.when]} | {null} | {what} |"

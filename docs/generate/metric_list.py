"""Every metric a space file may name, as the metric objects say."""

from __future__ import annotations

from trainables.metrics.catalog import registered
from trainables.metrics.table import table

HEAD = """\
# Every metric

Made from the metric objects in `trainables/metrics/entries`. A metric with a chance level is reported as
three values: `x` as measured, `x_null` at chance on the same data, and `x_skill` from 0 (chance) to 1
(perfect). [How far each can be trusted](metrics.md) was measured on a default pipeline; which find planted
parts, and are no proxy, [on images of known strokes](metric_truth.md).

"""


def page() -> str:
    """The whole page as Markdown."""
    return HEAD + table(registered())

"""How alike the decoder's rows are: see `trainables.metrics.redundancy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Score

if TYPE_CHECKING:
    from trainables.metrics.inputs import MetricInputs


def redundancy(inputs: MetricInputs) -> Score:
    """Redundancy of the living latents' rows."""
    from trainables.metrics.redundancy import redundancy
    from trainables.model.decoder_rows import decoder_rows

    measured = inputs.measured
    rows = decoder_rows(measured.model, measured.val_z.shape[1], measured.val_z.device)
    found = redundancy(rows, measured.alive)
    return Score(found.value, found.null)


METRICS = (
    Metric(
        "sae/decoder_redundancy",
        "mean largest cosine of a live decoder row to another live row",
        "min",
        redundancy,
        "final",
        unit="cosine",
        null="as many random rows in as many dimensions",
        proxy=True,
    ),
)

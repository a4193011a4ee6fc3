"""Whether another seed finds the same directions: see `trainables.metrics.stability`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Score

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.inputs import MetricInputs
    from trainables.model.interface import SupportsFeatures


def stability(inputs: MetricInputs) -> Score:
    """How well the decoder's rows are found again by an SAE that differs in its seed alone."""
    from trainables.metrics.stability import pw_mcc

    assert inputs.twin is not None
    h = inputs.measured.activations.train_h
    own, other = (_alive_rows(model, h) for model in (inputs.measured.model, inputs.twin()))
    found = pw_mcc(*own, *other, inputs.seed)
    return Score(found.value, found.null)


def _alive_rows(model: SupportsFeatures, h: Tensor) -> tuple[Tensor, Tensor]:
    """Decoder rows (f, d) in the raw activation space, and which latents fire on h (n, d): (f,)."""
    import torch

    from trainables.metrics.sae_statistics import alive_mask, firing_counts
    from trainables.model.decoder_rows import decoder_rows

    counts = torch.stack([firing_counts(model.encode(part)[1]) for part in h.split(4096)]).sum(dim=0)
    return decoder_rows(model, len(counts), h.device), alive_mask(counts)


METRICS = (
    Metric(
        "stability/pw_mcc",
        "matched cosine of the decoders of two SAEs that differ in their seed",
        "max",
        stability,
        "confirm",
        unit="cosine",
        null="as many random rows in as many dimensions",
        needs=("twin",),
    ),
)

"""Which latents fire for the background's colour: see `trainables.metrics.colour_gap`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Score

if TYPE_CHECKING:
    from trainables.metrics.inputs import MetricInputs


def gap(inputs: MetricInputs) -> Score:
    """On val; without a living latent that of the hidden units, its reference."""
    import torch

    from trainables.metrics.colour_gap import colour_gap

    measured, images = inputs.measured, inputs.measured.activations.val_images
    everyone = torch.ones(measured.activations.val_h.shape[1], dtype=torch.bool, device=images.device)
    neurons = colour_gap(measured.model.hidden, everyone, images) or 0.0
    found = colour_gap(inputs.codes, measured.alive, images)
    return Score(neurons if found is None else found, references={"inversion/colour_gap_neurons": neurons})


METRICS = (
    Metric(
        "inversion/colour_gap",
        "live latents that fire for the background's colour, not for shapes",
        "min",
        gap,
        "final",
        unit="share",
        references={"inversion/colour_gap_neurons": "the same of the hidden units"},
        needs=("images", "network"),
        proxy=True,
    ),
)

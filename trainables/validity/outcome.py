"""What a test of the card says of each latent it was asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True)
class Outcome:
    """Over c latents: passed (c,) bool, margin (c,) float64 in [0, 1], and the figures they follow from.

    The margin is 0 at the control, or below it, and 1 where the test is passed with ease; it moves a little
    before and after the threshold, so that a count of margins does not jump as a count of passes does.
    """

    passed: Tensor
    margin: Tensor
    figures: Mapping[str, Tensor] = field(default_factory=dict)

    def of(self, kept: Tensor) -> Outcome:
        """The same of the latents at `kept`, indices or bool."""
        return Outcome(
            self.passed[kept],
            self.margin[kept],
            {name: values[kept] for name, values in self.figures.items()},
        )


def all_or_nothing(passed: Tensor) -> Outcome:
    """A test without a scale: margin 1 where passed, else 0."""
    return Outcome(passed, passed.double())


def ramp(values: Tensor, zero: float, one: float) -> Tensor:
    """(v - zero) / (one - zero), clipped to [0, 1]; float64; 0 where v is no number."""
    return torch.nan_to_num(((values.double() - zero) / (one - zero)).clamp(0, 1), nan=0.0)

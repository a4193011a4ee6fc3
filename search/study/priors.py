"""What a person believes of a value before the search: a guess, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, get_args

from search.study.domains import Scalar, same

Confidence = Literal["low", "medium", "high"]
CONFIDENCES: tuple[str, ...] = get_args(Confidence)
SPREADS: Mapping[str, float] = {"low": 0.5, "medium": 0.25, "high": 0.125}
"""Standard deviation of a draw about the guess, as a share of the range (of its logarithm in a log range)."""
SHARES: Mapping[str, float] = {"low": 0.5, "medium": 0.75, "high": 0.9}
"""How often a choice takes the guess; the other options share the rest."""


@dataclass(frozen=True)
class Prior:
    """A guess at one parameter."""

    value: Scalar
    confidence: Confidence = "medium"

    def quantile(self, guess: float, u: float) -> float:
        """For u in (0, 1) a place in [0, 1] of a range: normal about the guess' place, cut at both ends."""
        bell = NormalDist(guess, SPREADS[self.confidence])
        low, high = bell.cdf(0.0), bell.cdf(1.0)
        inside = min(max(low + u * (high - low), 1e-12), 1 - 1e-12)
        return min(max(bell.inv_cdf(inside), 0.0), 1.0)

    def option(self, options: tuple[Scalar, ...], u: float) -> Scalar:
        """One of the options for u in [0, 1), the guess the most often."""
        share = SHARES[self.confidence]
        others = [option for option in options if not same(option, self.value)]
        if u < share or not others:
            return self.value
        return others[min(int((u - share) / (1 - share) * len(others)), len(others) - 1)]

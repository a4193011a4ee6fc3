"""By what a set is judged, fixed before the first number: primaries, error, margins, who is compared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PRIMARY = "concepts/held_out_f1_skill"
ACCURACY = "classifier/accuracy"
FVU = "sae/fvu"
BESIDE = (
    "concepts/supervised_f1_skill",
    "attribution/junk",
    "sae/dead_fraction",
    "sae/l0",
)
"""Shown beside the primary, and deciding nothing."""

REAL, NONE = "real", "none"
CONTROLS = ("permuted", "random_images", "labels")
MEANING = {
    NONE: "no supervision",
    REAL: "half of the concepts, drawn anew for every seed",
    "permuted": "the same bits, each dealt out over the images anew",
    "random_images": "random functions of the image, as often on and as easy to decode",
    "labels": "random sets of classes, about as often on",
}


class Word(StrEnum):
    """What a set is found to be."""

    USEFUL = "USEFUL"
    DECORATIVE = "DECORATIVE"
    HARMFUL = "HARMFUL"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True)
class Rule:
    """alpha: chance of calling a useless set USEFUL, over all looks together; power: wanted of a plan;
    effect: least difference that matters, in pooled standard deviations over seeds; accuracy, fvu: how much
    worse the network may be and still count as no worse."""

    primaries: tuple[str, ...] = (PRIMARY,)
    alpha: float = 0.05
    power: float = 0.8
    effect: float = 1.0
    accuracy: float = 0.01
    fvu: float = 0.05

    def level(self, look: int) -> float:
        """What look 1, 2, ... may spend of alpha: alpha / (look (look + 1)).

        These sum to alpha over any number of looks, so that by the union bound a further look, whenever it is
        taken and for whatever reason, never lifts the error above alpha.
        """
        if look < 1:
            raise ValueError(f"looks count from 1, not {look}")
        return self.alpha / (look * (look + 1))

    def said(self) -> tuple[str, ...]:
        """The rule in sentences."""
        arms = ", ".join((NONE, *CONTROLS))
        return (
            f"Primary: {' and '.join(self.primaries)}, of the concepts that were not supervised.",
            f"USEFUL if real is above each of {arms} in paired seeds, one-sided t, the largest of the four p "
            f"after Holm over {len(self.primaries)} primaries at most alpha / (look (look + 1)), "
            f"alpha = {self.alpha:g}; the smallest difference is at least {self.effect:g} pooled standard "
            f"deviations; and accuracy is shown to fall by less than {self.accuracy:g}.",
            f"HARMFUL if accuracy is shown to fall by more than {self.accuracy:g}, or the variance left at "
            f"the same L0 to rise by more than {self.fvu:g}, both after Holm.",
            "DECORATIVE if a gate before says so, or the difference to the best control is shown to be below "
            f"{self.effect:g} pooled standard deviations. INCONCLUSIVE otherwise.",
        )

"""Images made to excite latents: see `trainables.metrics.inversion_scores`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Mode, Need, Score

if TYPE_CHECKING:
    from trainables.metrics.inputs import MetricInputs


def inverted(inputs: MetricInputs) -> dict[str, float]:
    """Inversions of a sample of latents, and what they excite."""
    from trainables.metrics.inversion_scores import inversion_scores

    return inversion_scores(inputs.measured, inputs.seed)


def purity(inputs: MetricInputs) -> Score:
    """Purity of inversions, of their start and of real images."""
    found = inputs.once(inverted)
    return Score(
        found["purity"],
        found["purity_null"],
        {
            "inversion/purity_best_real": found["purity_best_real"],
            "inversion/purity_top_mean": found["purity_top_mean"],
        },
    )


def _one(name: str, inputs: MetricInputs) -> float:
    return inputs.once(inverted)[name]


_NEEDS: tuple[Need, ...] = ("images", "network")
_OTHERS: dict[str, tuple[Mode | None, str]] = {
    "rank": ("min", "a latent's rank among the masses on its inversion"),
    "drive": ("max", "a latent's code on its inversion over its 99th percentile"),
    "tv_ratio": (None, "total variation of inversions; the data's median = 1"),
    "nn_ratio": ("min", "distance of inversions to the nearest train image; the data's median = 1"),
    "agreement": ("max", "mean cosine between restarts of an inversion"),
}
METRICS = (
    Metric(
        "inversion/purity",
        "a latent's share of the code mass on its own inversion",
        "max",
        purity,
        "confirm",
        unit="share",
        null="the noise that the optimisation started from",
        references={
            "inversion/purity_best_real": "the same on the purest real image",
            "inversion/purity_top_mean": "the same on the mean of the top 16 images",
        },
        needs=_NEEDS,
    ),
    *(
        Metric(f"inversion/{name}", meaning, mode, partial(_one, name), "confirm", needs=_NEEDS)
        for name, (mode, meaning) in _OTHERS.items()
    ),
)

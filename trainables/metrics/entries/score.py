"""The scalar score and its parts: see `trainables.metrics.score` and `score_parts`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trainables.metrics.entries import junk, probe, purity, splice
from trainables.metrics.metric import Metric, Need
from trainables.metrics.score import PARTS

if TYPE_CHECKING:
    from trainables.metrics.inputs import MetricInputs


def parts(inputs: MetricInputs) -> dict[str, float]:
    """Every part, 0 at its null."""
    from trainables.metrics import sae_statistics, score_parts
    from trainables.metrics.probe import majority_accuracy
    from trainables.metrics.score import above_chance

    measured, a = inputs.measured, inputs.measured.activations
    f = measured.val_z.shape[1]
    directions = inputs.reference(purity.DIRECTIONS)
    scale = score_parts.PurityScale(
        directions["threshold"], directions["factor"], float(directions["chance"])
    )
    chance = score_parts.junk_chance(inputs.reference(junk.UNTRAINED)["junk"])
    majority = majority_accuracy(a.row_labels, a.val_labels, a.n_classes)
    return {
        "junk": score_parts.junk_part(inputs.once(junk.latents), f, chance, inputs.seed),
        "purity": score_parts.purity_part(*inputs.once(purity.latents), f, scale),
        "alive": sae_statistics.alive_fraction(measured.firing),
        "splice": inputs.once(splice.spliced).ce_recovered,
        "probe": above_chance(inputs.once(probe.read), majority),
    }


def score(inputs: MetricInputs) -> float:
    """Geometric mean of the parts that the space file lists."""
    from trainables.metrics.score import interpretability_score

    return interpretability_score(inputs.once(parts), inputs.score_parts)


def _part(name: str, inputs: MetricInputs) -> float:
    return inputs.once(parts)[name]


_READS = (purity.DIRECTIONS, junk.UNTRAINED)
_NEEDS: tuple[Need, ...] = ("labels", "images", "network")
METRICS = (
    *(
        Metric(
            f"interpretability/{name}",
            f"part of the score: {meaning}, 0 = chance, 1 = perfect",
            "max",
            partial(_part, name),
            reads=_READS,
            needs=_NEEDS,
        )
        for name, meaning in PARTS.items()
    ),
    Metric(
        "interpretability/score",
        "geometric mean of the skills listed in the space file's score",
        "max",
        score,
        reads=_READS,
        needs=_NEEDS,
    ),
)

"""How many latents pass the whole validity card, beside what dictionaries that nobody trained reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.entries.readable import NEEDS, by_codes, controls, subject
from trainables.metrics.metric import Metric, Score

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.inputs import MetricInputs
    from trainables.validity.card import Card

# Raise it when the floor's definition changes: it is kept with the classifier.
FLOOR_VERSION = 3
FLOORS = {
    "latents/supported_floor": "the most that a dictionary nobody trained supports, of about this size",
    "latents/readable_floor": "latents/readable of the best such dictionary",
    "latents/readable_floor_se": "standard error of latents/readable_floor",
}


def whole_card(inputs: MetricInputs) -> Card:
    """The card of all candidates, each of them tested."""
    from trainables.validity.card import validity_card

    known = inputs.once(by_codes)
    return validity_card(inputs.once(subject), inputs.once_a_network(controls), draws=None, known=known)


def counted(inputs: MetricInputs) -> float:
    """How many of all candidates the card supports."""
    return inputs.once(whole_card).supported().value


def floor(inputs: MetricInputs) -> dict[str, float]:
    """Both counts' floor by the names of FLOORS: it follows from the network and two numbers, made coarse."""
    from trainables.metrics.sae_statistics import l0
    from trainables.validity.floor import coarse

    z = inputs.measured.val_z
    width, k = coarse(*(inputs.floor_size or (z.shape[1], max(1, round(l0(z))))))
    settings = {"floor": FLOOR_VERSION, "width": width, "k": k, "seed": inputs.seed}
    found = inputs.shared(settings, lambda: _floor(inputs, width, k))
    return {name: float(found[name]) for name in FLOORS}


def _floor(inputs: MetricInputs, width: int, k: int) -> dict[str, Tensor]:
    import torch

    from trainables.validity.floor import floors

    like, train_h = inputs.once(subject), inputs.measured.activations.train_h
    found = floors(like, inputs.once_a_network(controls), train_h, width, k, inputs.seed, draws=None)
    best = max((readable for readable, _ in found.values()), key=lambda count: count.value)
    most = max(supported.value for _, supported in found.values())
    values = zip(FLOORS, (most, best.value, best.se), strict=True)
    return {name: torch.tensor(value, dtype=torch.float64) for name, value in values}


def supported(inputs: MetricInputs) -> Score:
    """The count, and the floor of both counts."""
    return Score(inputs.once(counted), references=inputs.once(floor))


def share(inputs: MetricInputs) -> float:
    """Share of the living latents; 0 where none lives."""
    return inputs.once(counted) / max(1, int(inputs.measured.alive.sum()))


METRICS = (
    Metric(
        "latents/supported",
        "latents that pass every test of the validity card",
        "max",
        supported,
        "final",
        unit="latents",
        references=FLOORS,
        needs=NEEDS,
        standing="key",
        proxy=True,
    ),
    Metric(
        "latents/supported_share",
        "share of the living latents that pass every test of the validity card",
        "max",
        share,
        "final",
        unit="share",
        needs=NEEDS,
        proxy=True,
    ),
)

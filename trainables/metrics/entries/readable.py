"""How many latents a person can read, smoothly counted at every rung: see `trainables.validity.card`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Need, Score

if TYPE_CHECKING:
    from trainables.metrics.inputs import MetricInputs
    from trainables.validity.card import ByCodes
    from trainables.validity.controls import Controls
    from trainables.validity.subject import Subject


logger = logging.getLogger("trainables")


def subject(inputs: MetricInputs) -> Subject:
    """The codes on val."""
    from trainables.validity.subject import Subject, strokes_of

    measured, a = inputs.measured, inputs.measured.activations
    strokes = strokes_of(a.val_images)
    if strokes is None:
        logger.warning("the images have no strokes on black: edits of the validity card are not applicable")
    return Subject(
        measured.model, a.val_images, a.val_labels, a.val_h, measured.val_z, measured.firing, strokes
    )


def controls(inputs: MetricInputs) -> Controls:
    """What the network alone gives, on val."""
    from trainables.validity.controls import controls_of

    a = inputs.measured.activations
    return controls_of(a.train_h, a.val_images, a.val_labels, a.val_h, inputs.seed)


def by_codes(inputs: MetricInputs) -> ByCodes:
    """What both counts have in common."""
    from trainables.validity.card import by_codes

    return by_codes(inputs.once(subject), inputs.once_a_network(controls))


def readable(inputs: MetricInputs) -> Score:
    """The estimate from a sample of latents, and its standard error."""
    from trainables.validity.card import validity_card

    card = validity_card(inputs.once(subject), inputs.once_a_network(controls), known=inputs.once(by_codes))
    found = card.readable()
    return Score(found.value, references={"latents/readable_se": found.se})


NEEDS: tuple[Need, ...] = ("labels", "images", "network")
METRICS = (
    Metric(
        "latents/readable",
        "latents that a person can read: sum over latents of the validity card's margins",
        "max",
        readable,
        unit="latents",
        references={"latents/readable_se": "standard error of latents/readable"},
        needs=NEEDS,
        standing="key",
        proxy=True,
    ),
)

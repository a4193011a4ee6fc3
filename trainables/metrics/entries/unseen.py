"""How many latents hold under edits that no loss has used, beside how many the card supports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.entries.readable import NEEDS, controls, subject
from trainables.metrics.entries.supported import whole_card
from trainables.metrics.metric import Metric, Score

if TYPE_CHECKING:
    from trainables.metrics.inputs import MetricInputs

EDITS = {
    "smaller": "parts of .3 of the ink",
    "larger": "parts of .7 of the ink",
    "shifted": "parts laid 1 or 2 of 28 pixels from their place",
    "mirrored": "mirrored hosts",
    "erased": "parts erased rather than pasted",
    "boxed": "parts of whole boxes",
    "boxed_alone": "such parts alone on black",
    "drawings": "lines, squares, dots and the mirrored digit beyond the hull",
}
PREFIX = "latents/supported_"


def unseen(inputs: MetricInputs) -> Score:
    """The count under all edits at once, and under each alone."""
    from trainables.validity.unseen import supported_under
    from trainables.validity.unseen import unseen as verdicts_of

    card = inputs.once(whole_card)
    verdicts = verdicts_of(card, inputs.once(subject), inputs.once_a_network(controls))
    alone = {PREFIX + name: supported_under(card, verdicts, (name,)).value for name in EDITS}
    return Score(supported_under(card, verdicts).value, references=alone)


METRICS = (
    Metric(
        "latents/supported_unseen",
        "latents that pass the validity card under all edits that no loss has used, at once",
        "max",
        unseen,
        "confirm",
        unit="latents",
        references={PREFIX + name: f"latents that pass it with {what}" for name, what in EDITS.items()},
        needs=NEEDS,
    ),
)

"""An SAE whose decoder rows keep a cosine of at least .8 to their random first directions.

What it scores as well, needs no directions found in the data: see `trainables.sae_training.held`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainables.confirmation.member import PanelMember

if TYPE_CHECKING:
    from trainables.confirmation.trained import Trained
    from trainables.model.interface import SupportsFeatures
    from trainables.stages.fitting import SaeTask


def _saes(trained: Trained) -> Sequence[SaeTask]:
    return [trained.held_task("decoder_softly")]


def _build(trained: Trained) -> SupportsFeatures:
    return trained.features(trained.held_task("decoder_softly"), trained.sae_config())


MEMBER = PanelMember("soft_frozen_decoder", 7, "a soft-frozen decoder", _build, _saes)

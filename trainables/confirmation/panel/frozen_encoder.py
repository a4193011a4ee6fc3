"""An SAE whose encoder stays at its random first directions: which latents fire is nothing it learnt.

Biases and decoder learn, so that the reconstruction is the best these codes allow.
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
    return [trained.held_task("encoder")]


def _build(trained: Trained) -> SupportsFeatures:
    return trained.features(trained.held_task("encoder"), trained.sae_config())


MEMBER = PanelMember("frozen_encoder", 8, "a frozen encoder", _build, _saes)

"""An SAE whose decoder stays at its random first directions; encoder and biases learn.

Frozen decoders come within a few hundredths of trained ones in several published scores (Korznikov et al.
2026, arXiv 2602.14111).
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
    return [trained.held_task("decoder")]


def _build(trained: Trained) -> SupportsFeatures:
    return trained.features(trained.held_task("decoder"), trained.sae_config())


MEMBER = PanelMember("random_dictionary", 5, "a random dictionary", _build, _saes)

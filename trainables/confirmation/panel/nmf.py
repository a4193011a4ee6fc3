"""Non-negative parts of the hidden layer as a dictionary, as many as it has units or latents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.confirmation.member import PanelMember

if TYPE_CHECKING:
    from trainables.confirmation.trained import Trained
    from trainables.model.interface import SupportsFeatures


def _build(trained: Trained) -> SupportsFeatures:
    from trainables.confirmation.nmf import Nmf, parts

    components = min(trained.width, trained.hidden.shape[1])
    rows = parts(trained.hidden, components, trained.stages.seed("panel"))
    return Nmf(trained.model, rows, trained.k)


MEMBER = PanelMember("nmf", 11, "NMF", _build)

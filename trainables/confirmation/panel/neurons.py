"""The hidden units themselves: the k that lie furthest above their mean on train are the codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.confirmation.member import PanelMember

if TYPE_CHECKING:
    from trainables.confirmation.trained import Trained
    from trainables.model.interface import SupportsFeatures


def _build(trained: Trained) -> SupportsFeatures:
    import torch

    from trainables.validity.floor import NeverTrained

    rows = torch.eye(trained.hidden.shape[1]).to(trained.hidden)
    return NeverTrained(trained.model, rows, trained.k, trained.hidden)


MEMBER = PanelMember("neurons", 13, "the neurons", _build)

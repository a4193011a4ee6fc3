"""Single train images' activations as a dictionary that nobody trained: see `trainables.validity.floor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.confirmation.member import PanelMember

if TYPE_CHECKING:
    from trainables.confirmation.trained import Trained
    from trainables.model.interface import SupportsFeatures


def _build(trained: Trained) -> SupportsFeatures:
    from trainables.validity.floor import NeverTrained, dictionary

    rows = dictionary("images", trained.hidden, trained.width, trained.stages.seed("panel"))
    return NeverTrained(trained.model, rows, trained.k, trained.hidden)


MEMBER = PanelMember("data_points", 9, "data points", _build)

"""The centres of a k-means clustering of the activations as a dictionary: see `trainables.validity.floor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.confirmation.member import PanelMember

if TYPE_CHECKING:
    from trainables.confirmation.trained import Trained
    from trainables.model.interface import SupportsFeatures


def _build(trained: Trained) -> SupportsFeatures:
    from trainables.validity.floor import NeverTrained, dictionary

    rows = dictionary("kmeans", trained.hidden, trained.width, trained.stages.seed("panel"))
    return NeverTrained(trained.model, rows, trained.k, trained.hidden)


MEMBER = PanelMember("kmeans", 10, "k-means", _build)

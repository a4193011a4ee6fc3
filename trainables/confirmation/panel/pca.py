"""Principal components of the hidden layer, each as two latents, one a sign.

With all d components D = (E^T; -E^T) has 2d rows, of which the k largest projections are the codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.confirmation.member import PanelMember

if TYPE_CHECKING:
    from trainables.confirmation.trained import Trained
    from trainables.model.interface import SupportsFeatures


def _build(trained: Trained) -> SupportsFeatures:
    import torch

    from trainables.bases.affine import mean_and_covariance, principal_components
    from trainables.validity.floor import NeverTrained

    _, covariance = mean_and_covariance(trained.hidden)
    rows = principal_components(covariance)[1].T.to(trained.hidden)
    return NeverTrained(trained.model, torch.cat([rows, -rows]), trained.k, trained.hidden)


MEMBER = PanelMember("pca", 12, "PCA", _build)

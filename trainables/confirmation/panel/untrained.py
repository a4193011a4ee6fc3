"""An SAE of a network that nobody trained: what it scores says nothing of what the trial's network learnt.

SAEs of random networks score close to those of trained ones in several published measures (Heap et al. 2025,
arXiv 2501.17727).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainables.confirmation.member import PanelMember

if TYPE_CHECKING:
    from trainables.bases.basis import Basis
    from trainables.confirmation.trained import Trained
    from trainables.model.interface import SupportsFeatures
    from trainables.networks.network import Network
    from trainables.stages.fitting import SaeTask


def _pieces(trained: Trained) -> tuple[Network, Basis, SaeTask]:
    """At first weights the network, its basis, and the SAE on that."""
    from trainables.batches import in_batches
    from trainables.stages.fitting import fit_basis, sae_task

    network = trained.untrained_network()
    stages, config = trained.stages, trained.sae_config()
    hidden = in_batches(network.hidden, trained.images)
    key = trained.key("untrained")
    basis, basis_key = fit_basis(stages, trained.config.basis, lambda: hidden, network.hidden_size, key)
    task = sae_task(stages, config, config.epochs, basis, lambda: hidden, basis_key)
    return network, basis, task


def _saes(trained: Trained) -> Sequence[SaeTask]:
    return [trained.once(_pieces)[2]]


def _build(trained: Trained) -> SupportsFeatures:
    from trainables.model.feature_model import FeatureModel
    from trainables.stages.fitting import run_sae_task

    network, basis, task = trained.once(_pieces)
    return FeatureModel(network, basis, run_sae_task(trained.stages, task, trained.sae_config()))


MEMBER = PanelMember("untrained", 6, "an untrained network", _build, _saes, own_network=True)

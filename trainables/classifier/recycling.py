"""Hidden units that a cycle gives a new start: those that do nothing, and those that do everything.

A unit's incoming weights become those of a fresh network and its outgoing ones 0, so that what the others
do is not disturbed (the recipe of ReDo, Sokar et al. 2023, arXiv 2302.12902).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from trainables.networks.network import Network

# A unit is entangled if it tells the classes apart less than this share of what the median unit does.
ENTANGLED_BELOW = 0.5


def units_to_revive(
    which: Literal["none", "dead", "entangled", "both"], hidden: Tensor, labels: Tensor, n_classes: int
) -> Tensor:
    """bool (d,) from train activations h (n, d) >= 0 and labels (n,)."""
    none = torch.zeros(hidden.shape[1], dtype=torch.bool, device=hidden.device)
    dead = dead_units(hidden) if which in ("dead", "both") else none
    return dead | (entangled_units(hidden, labels, n_classes) if which in ("entangled", "both") else none)


def dead_units(hidden: Tensor) -> Tensor:
    """Units that are 0 on every train image: bool (d,) of h (n, d) >= 0."""
    return hidden.amax(dim=0) == 0


def entangled_units(hidden: Tensor, labels: Tensor, n_classes: int) -> Tensor:
    """Living units with eta^2 below half of the median living unit's: bool (d,) of h (n, d).

    eta^2, the share of a unit's variance that lies between the classes, is in [0, 1]: 0 if its mean is the
    same in all of them, 1 if the class decides it.
    """
    members = torch.nn.functional.one_hot(labels, n_classes).double()
    sizes = members.sum(0)
    h = hidden.double()
    mean = h.mean(0)
    class_means = members.T @ h / sizes.clamp(min=1).unsqueeze(1)
    between = (sizes.unsqueeze(1) * (class_means - mean).square()).sum(0) / len(h)
    variance = (h - mean).square().mean(0)
    alive = ~dead_units(hidden) & (variance > 0)
    eta_squared = between / torch.where(alive, variance, torch.ones_like(variance))
    if not bool(alive.any()):
        return alive
    return alive & (eta_squared < ENTANGLED_BELOW * eta_squared[alive].median())


@torch.no_grad()
def revive(network: Network, units: Tensor, fresh: Network) -> None:
    """Give `units` (bool, (d,)) of the network the incoming weights of `fresh`, and outgoing weights 0."""
    own, new = network.hidden_layer(), fresh.hidden_layer()
    own.weight[units] = new.weight.to(own.weight)[units]
    if own.bias is not None:
        own.bias[units] = new.bias.to(own.bias)[units]
    network.readout_layer().weight[:, units] = 0

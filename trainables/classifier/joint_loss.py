"""What network and SAE lower together."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.bases.basis import Basis
from trainables.classifier.objective import Objective, Shown, active_losses
from trainables.losses.latents.end_to_end import reconstructed_ce, reconstructed_kl
from trainables.losses.latents.latent_batch import LatentBatch
from trainables.networks.network import Network
from trainables.sae_training.auxk import auxk_loss
from trainables.saes.batch_topk import BatchTopKSae
from trainables.settings.loop import JointLoopConfig

# Keeps shares defined for a batch of equal activations; far below any living network's.
NOTHING = 1e-12


@dataclass(frozen=True)
class Taken:
    """Of one step: the loss, the smallest code kept (infinite where there is none), who fired (f,)."""

    loss: Tensor
    smallest: Tensor
    fired: Tensor


class JointLoss:
    """CE(head(h)) + the classifier's auxiliary losses
    + reconstructed_ce CE(head(h^)) + reconstructed_kl KL(head(h) || head(h^)) + fvu |h - h^|^2 / |h - mean|^2
    + revival (AuxK / r + lowered thresholds)  + rho sum_l weight_l * loss_l(latents).

    h^ is the reconstruction by basis and SAE; rho in [0, 1] comes from outside; the losses l are those on
    latents whose weight in the loop's settings is above 0.
    """

    def __init__(self, loop: JointLoopConfig, objective: Objective, basis: Basis, sae: BatchTopKSae) -> None:
        self.loop, self.objective, self.basis, self.sae = loop, objective, basis, sae
        self._latent_losses = active_losses(loop, lambda _: loop)
        self._unit_places = _unit_places(objective.network)

    def read(self, images: Tensor) -> Tensor:
        """Pre-activations u (n, f) of images (n, h, w)."""
        hidden = self.objective.network.hidden(images).float()
        return self.sae.pre_activations(self.basis.encode(hidden) * self.sae.scale)

    def read_one(self, images: Tensor, latents: Tensor) -> Tensor:
        """Pre-activations (n,) of one latent (n,) of each of images (n, h, w), as `read` gives them."""
        hidden, sae = self.objective.network.hidden(images).float(), self.sae
        centred = self.basis.encode(hidden) * sae.scale - sae.decoder_bias
        return (centred * sae.encoder.T[latents]).sum(dim=1) + sae.encoder_bias[latents]

    def take(self, shown: Shown, dead: Tensor, rho: float, draws: torch.Generator) -> Taken:
        """The loss of a step; dead int64 (n,), maybe none. To be called under the objective's autocast."""
        loop, sae, head = self.loop, self.sae, self.objective.network.head
        hidden, logits, loss = self.objective.loss(shown, draws)
        x = self.basis.encode(hidden) * sae.scale
        u, z = sae.encode_scaled(x)
        rebuilt = self.basis.decode(sae.decode(z))
        if loop.reconstructed_ce > 0:
            loss = loss + loop.reconstructed_ce * reconstructed_ce(head(rebuilt), shown.labels)
        if loop.reconstructed_kl > 0:
            loss = loss + loop.reconstructed_kl * reconstructed_kl(head(rebuilt), logits)
        loss = loss + loop.fvu * unexplained(hidden, rebuilt)
        smallest = torch.where(z.detach() > 0, z.detach(), torch.inf).min()
        theta = torch.where(smallest.isfinite(), smallest, torch.zeros_like(smallest))
        if loop.revival > 0 and len(dead):
            residual = x - sae.decode_scaled(z)
            auxk = auxk_loss(residual, u, sae.decoder, dead) / x.shape[1]
            loss = loss + loop.revival * (auxk + lowered_thresholds(u, sae.encoder_bias, dead, theta))
        if rho > 0 and self._latent_losses:
            loss = loss + rho * self._of_latents(shown, u, theta, draws)
        return Taken(loss, smallest, (z.detach() > 0).any(dim=0))

    def _of_latents(self, shown: Shown, u: Tensor, theta: Tensor, draws: torch.Generator) -> Tensor:
        # The rows of a batch come in random order: the first ones are a sample.
        m = self.loop.edited_images
        batch = LatentBatch(
            self.read,
            shown.images[:m],
            shown.labels[:m],
            u[:m],
            theta,
            encoder=self.sae.encoder,
            decoder=self.sae.decoder,
            generator=draws,
            read_one=self.read_one,
            unit_places=self._unit_places,
        )
        if len(batch) == 0:
            return torch.zeros_like(theta)
        return torch.stack([weight * loss(batch) for weight, loss in self._latent_losses.values()]).sum()


def _unit_places(network: Network) -> Tensor | None:
    try:
        return network.unit_places()
    except ValueError:  # its units read the whole image
        return None


def unexplained(hidden: Tensor, rebuilt: Tensor) -> Tensor:
    """FVU of a batch: sum |h - h^|^2 / sum |h - mean_b h|^2, both (b, d); a network cannot lower it by making
    its activations small."""
    spread = (hidden - hidden.mean(dim=0)).square().sum()
    return (hidden - rebuilt).square().sum() / spread.clamp(min=NOTHING)


def lowered_thresholds(u: Tensor, bias: Tensor, dead: Tensor, theta: Tensor) -> Tensor:
    """mean over dead j of [theta - max_b u_j]+ / theta, whose gradient reaches the biases b_j alone.

    A dead latent's threshold falls until it fires on what it fits best; its direction is left to AuxK.
    u (b, f), bias (f,), dead int64 (n,), n >= 1, theta a constant >= 0.
    """
    best = u.detach()[:, dead].amax(dim=0) + bias[dead] - bias[dead].detach()
    return ((theta - best).relu() / theta.clamp(min=NOTHING)).mean()

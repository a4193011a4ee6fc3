"""What one look at a pipeline leaves for all its metrics: activations, codes, counts.

Train is passed once, batch by batch; the codes of all train images are never held together.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.batches import BATCH, in_batches
from trainables.metrics import probe, sae_statistics, selectivity
from trainables.metrics.top_images import TopImages
from trainables.model.activation_cache import HiddenActivations
from trainables.model.interface import SupportsFeatures

Fit = tuple[Tensor, Tensor, Tensor, Tensor, int]
"""Features (m, k) and labels (m,) of train rows, the same of val, and the number of classes."""


@dataclass(frozen=True)
class Activations:
    """Images, labels and the hidden activations of both splits: all that references need, no SAE in it.

    `rows` (m,) are the train images that probes and the selectivity statistics are fitted on.
    """

    train_images: Tensor  # (n, h, w)
    train_labels: Tensor  # (n,)
    train_h: Tensor  # (n, d)
    val_images: Tensor  # (v, h, w)
    val_labels: Tensor  # (v,)
    val_h: Tensor  # (v, d)
    rows: Tensor
    n_classes: int

    @property
    def row_labels(self) -> Tensor:
        """Labels of `rows`: (m,)."""
        return self.train_labels[self.rows]

    def raw_fit(self) -> Fit:
        """What a probe of h is fitted on and scored on."""
        return self.train_h[self.rows], self.row_labels, self.val_h, self.val_labels, self.n_classes


@dataclass(frozen=True)
class Measured:
    """The SAE's codes on those activations. Alive = fires on at least one train image."""

    model: SupportsFeatures
    activations: Activations
    firing: Tensor  # (f,) train images that each latent fires on
    top_labels: Tensor  # (50, f) labels of the train images it fires most on
    row_codes: Tensor  # (m, f)
    val_z: Tensor  # (v, f)
    val_h_hat: Tensor  # (v, d)

    @property
    def alive(self) -> Tensor:
        """Which latents fire at least once: (f,) bool."""
        return sae_statistics.alive_mask(self.firing)

    def fit(self) -> Fit:
        """What a probe of the codes is fitted on and scored on."""
        a = self.activations
        return self.row_codes, a.row_labels, self.val_z, a.val_labels, a.n_classes


@torch.no_grad()
def measure(
    model: SupportsFeatures,
    train_images: Tensor,
    train_labels: Tensor,
    val_images: Tensor,
    val_labels: Tensor,
    hidden: HiddenActivations | None = None,
) -> Measured:
    """Run the model over both splits once. All tensors live on the model's device.

    `hidden` are its activations on both, where they are known.
    """
    if hidden is None:
        hidden = HiddenActivations(
            in_batches(model.hidden, train_images), in_batches(model.hidden, val_images)
        )
    rows = probe.probe_rows(train_images.shape[0]).to(train_images.device)
    n_classes = int(torch.cat([train_labels, val_labels]).max()) + 1
    wanted = torch.zeros(train_images.shape[0], dtype=torch.bool, device=train_images.device)
    wanted[rows] = True
    top = TopImages(selectivity.TOP, train_images.shape[0], train_images.device)
    codes, firing = [], torch.zeros((), dtype=torch.int64, device=train_images.device)
    for part, keep in zip(hidden.train.split(BATCH), wanted.split(BATCH), strict=True):
        z = model.encode(part)[1]
        top.update(z)
        firing = firing + sae_statistics.firing_counts(z)
        codes.append(z[keep])
    val_z = in_batches(lambda h: model.encode(h)[1], hidden.val)
    activations = Activations(
        train_images, train_labels, hidden.train, val_images, val_labels, hidden.val, rows, n_classes
    )
    return Measured(
        model,
        activations,
        firing,
        train_labels[top.images()],
        torch.cat(codes),
        val_z,
        in_batches(model.decode, val_z),
    )

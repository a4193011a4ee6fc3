"""Nulls and references of the rung metrics: all that depends on the classifier but not on the SAE.

They are plain tensors by name, on the CPU, so that trials which share a classifier can share them through
a cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from trainables.metrics import background_sensitivity, junk, pca_reference, probe, score_parts, selectivity
from trainables.metrics.directions import FAMILIES, direction_families
from trainables.metrics.measured import Activations

References = Mapping[str, Tensor]


def rung_references(
    activations: Activations, untrained: Callable[[Tensor], Tensor], seed: int
) -> dict[str, Tensor]:
    """What the rung metrics compare with; `seed` decides directions and noise.

    untrained: images -> hidden activations of the same architecture before training.
    purity_<family> (k,): mean purity of its directions at 1..k images; purity_threshold, purity_factor (k,)
    and purity_chance (): see `score_parts`; junk_untrained, junk_far_untrained (l,);
    background_untrained (); fvu_pca (d + 1,); raw_accuracy ().
    """
    a = activations
    families = direction_families(a.train_h, seed)
    purities = {
        name: selectivity.direction_purities(a.train_h, a.train_labels, a.n_classes, families[name])
        for name in FAMILIES
    }
    scale = score_parts.purity_scale(purities["random"])
    looks = junk.untrained_junk(untrained, a.val_images, a.val_labels, seed)
    raw = probe.probe_accuracy(a.train_h[a.rows], a.row_labels, a.val_h, a.val_labels, a.n_classes)
    tensors = {
        **{f"purity_{name}": purities[name].mean(dim=1) for name in FAMILIES},
        "purity_threshold": scale.threshold,
        "purity_factor": scale.factor,
        "purity_chance": scalar(scale.chance),
        "junk_untrained": looks.junk,
        "junk_far_untrained": looks.far,
        "background_untrained": scalar(
            background_sensitivity.untrained_sensitivity(untrained, a.val_images, seed)
        ),
        "fvu_pca": pca_reference.pca_fvu(a.train_h, a.val_h),
        "raw_accuracy": scalar(raw),
    }
    return {name: tensor.cpu() for name, tensor in tensors.items()}


def purity_scale(references: References) -> score_parts.PurityScale:
    """The scale that `rung_references` took apart."""
    return score_parts.PurityScale(
        references["purity_threshold"], references["purity_factor"], float(references["purity_chance"])
    )


def scalar(value: float) -> Tensor:
    """A float64 tensor of no dimension."""
    return torch.tensor(value, dtype=torch.float64)

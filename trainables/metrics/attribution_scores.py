"""Metrics of attribution maps that are too slow for rungs, for a sample of the living latents."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from trainables.attribution.attribution import Latents
from trainables.attribution.settings import SmoothGradConfig
from trainables.attribution.smooth_grad import SmoothGrad
from trainables.metrics import colour_gap, gini
from trainables.metrics.deletion import faithfulness
from trainables.metrics.latent_image_pairs import Pairs, firing_pairs
from trainables.metrics.measured import Measured
from trainables.metrics.randomisation import rank_correlation

# A map of many draws, and the reading of a code at every step, cost some hundred passes for each pair.
CONFIRM_LATENTS = 32
CONFIRM_TOP = 8


def final_scores(measured: Measured, gini_untrained: float, seed: int) -> dict[str, float]:
    """`attribution/gini` and `inversion/colour_gap` with their references.

    Without a living latent the gap is that of the hidden units, its reference.
    """
    model, images = measured.model, measured.activations.val_images
    pairs, _ = firing_pairs(measured.val_z, measured.alive, seed)
    concentration = gini.mean_gini(_pre_activations(measured), pairs, images, seed)
    everyone = torch.ones(measured.activations.val_h.shape[1], dtype=torch.bool, device=images.device)
    neurons = colour_gap.colour_gap(model.hidden, everyone, images) or 0.0
    gap = colour_gap.colour_gap(_codes(measured), measured.alive, images)
    return {
        "attribution/gini": concentration,
        "attribution/gini_null": 0.0,
        "attribution/gini_skill": concentration,
        "attribution/gini_untrained": gini_untrained,
        "inversion/colour_gap": neurons if gap is None else gap,
        "inversion/colour_gap_neurons": neurons,
    }


def confirm_scores(measured: Measured, untrained: Callable[[Tensor], Tensor], seed: int) -> dict[str, float]:
    """`attribution/deletion`, `insertion` and `randomisation` of SmoothGrad maps.

    untrained: images (b, h, w) -> hidden activations (b, d) of the same architecture before training.
    """
    model, images = measured.model, measured.activations.val_images
    pairs, _ = firing_pairs(measured.val_z, measured.alive, seed, CONFIRM_LATENTS, CONFIRM_TOP)
    method = SmoothGrad(SmoothGradConfig(), images, torch.Generator().manual_seed(seed))
    maps = method(_pre_activations(measured), _pictures(pairs, images), pairs.column)
    found = faithfulness(_codes(measured), maps, pairs, images, seed)
    return {
        "attribution/deletion": found.deletion,
        "attribution/deletion_null": found.deletion_null,
        "attribution/deletion_skill": found.deletion_skill,
        "attribution/insertion": found.insertion,
        "attribution/insertion_null": found.insertion_null,
        "attribution/insertion_skill": found.insertion_skill,
        "attribution/randomisation": rank_correlation(
            method, _pre_activations(measured), lambda x: model.encode(untrained(x))[0], pairs, images
        ),
    }


def _pre_activations(measured: Measured) -> Latents:
    model = measured.model
    return lambda x: model.encode(model.hidden(x))[0]


def _codes(measured: Measured) -> Latents:
    model = measured.model
    return lambda x: model.encode(model.hidden(x))[1]


def _pictures(pairs: Pairs, images: Tensor) -> Tensor:
    return images[pairs.images][pairs.at]

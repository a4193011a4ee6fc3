"""What is known about the latents of one trial: a table of all of them, and one latent in detail.

Everything is numpy on the CPU, so that pages, tables and tests need no model. f latents, n images of one
split, images (h, w) in [0, 1] with black = 0, `classes` classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

# How much of a latent is shown.
N_TOP = 16
N_INTERVALS = 5
N_EXAMPLES = 8
N_BINS = 40
N_NEIGHBOURS = 5
N_INVERSIONS = 4
# What a latent's code is clamped to, in multiples of what it is.
DOSES = (0.0, 0.5, 1.0, 1.5, 2.0)
# What a latent may be called, see `trainables.validity.card`.
TIERS = ("none", "proposed", "suggestive", "supported")
# No class: a latent that fires on no image of the split has no top class.
NO_CLASS = -1


@dataclass(frozen=True)
class Examples:
    """Images of the split, in the order in which they are shown; possibly none.

    rows (n,) int64: places in the split; images (n, h, w) float32; labels and predicted (n,) int64, the
    latter by the classifier; activations (n,) float32: the latent's code, 0 where it is silent.
    """

    rows: np.ndarray
    images: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    activations: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Tick:
    """One test of the validity card: its name, whether it is passed (None: it was not come to) and the
    figures that say so, in words."""

    test: str
    passed: bool | None
    figures: str


@dataclass(frozen=True)
class Verdict:
    """tier: one of TIERS, None where too few images tell; why: words beside it; margin in [0, 1]: the product
    of the card's margins, 0 for a latent that came to no margin; ticks: test by test."""

    tier: str | None
    why: str
    margin: float = 0.0
    ticks: tuple[Tick, ...] = ()

    @property
    def place(self) -> float | None:
        """What latents are sorted by: tier before margin, most readable last; None without a tier."""
        return None if self.tier is None else TIERS.index(self.tier) + min(self.margin, 0.999)


@dataclass(frozen=True)
class FeatureTable:
    """All f latents; one entry of every array per latent.

    On the images of `split`:
        density            share of images on which the latent fires (z > 0)
        max_activation     largest code; 0 if it is silent there
        mean_activation    mean of the codes above 0; 0 if it is silent there
        top_class          the class with the largest sum of codes; NO_CLASS (-1) if it is silent there
        ablation_effect    largest |mean logit contribution| over classes, see `FeatureDetail`; 0 if silent
        mean_images        (f, h, w) float32, sum_i z_i x_i / sum_i z_i; 0 if silent
        strongest_images   (f, h, w) float32, mean of the 16 images with the largest codes; 0 if silent
        templates          (f, h, w) float32, signed: the decoder direction in pixels, see
                           `trainables.pictures.decoder_pictures`
        labels             a guess in words at its classes, see `label`, to be marked as automatic

    On train, as METRICS defines them, so that they agree with the trial's own scores:
        purity             share of the most frequent class among its top min(50, firings) images; NaN if it
                           fires on fewer than 10, too few to judge
        purity_null        mean of the same over the strongest family of untrained directions, at as many
                           images; NaN where purity is
        dead, dense        bool: fires on no train image; on more than half of them

    A latent can be alive on train and silent on the split: `dead` is False then and `density` 0.
    """

    split: str
    n_images: int
    n_classes: int
    class_names: tuple[str, ...]
    image_shape: tuple[int, int]
    density: np.ndarray
    max_activation: np.ndarray
    mean_activation: np.ndarray
    purity: np.ndarray
    purity_null: np.ndarray
    top_class: np.ndarray
    ablation_effect: np.ndarray
    dead: np.ndarray
    dense: np.ndarray
    templates: np.ndarray
    mean_images: np.ndarray
    strongest_images: np.ndarray
    labels: tuple[str, ...]
    verdicts: tuple[Verdict, ...] = ()
    """Of the validity card, one for each latent; empty where it was not filled."""

    def __len__(self) -> int:
        return len(self.density)


@dataclass(frozen=True)
class Interval:
    """Firings with low < z <= high: their share of all firings, and up to 8 of them drawn at random."""

    low: float
    high: float
    share: float
    examples: Examples


@dataclass(frozen=True)
class Neighbour:
    """Another latent, and its cosine or correlation with this one."""

    latent: int
    value: float


@dataclass(frozen=True)
class DoseResponse:
    """A latent's code clamped to `DOSES` times what it is, the SAE's error kept.

    logits (5, classes): means over up to 64 of the images on which it fires, evenly spaced by strength
    says (5, classes): share of these images that the network takes for each class
    pictures (5, h, w): what a linear map reads back from the hidden layer of its strongest image
    """

    logits: np.ndarray
    says: np.ndarray
    pictures: np.ndarray


@dataclass(frozen=True)
class FeatureDetail:
    """What a page shows of one latent; one that is silent on the split has empty examples and arrays of 0.

    top                 up to 16 images with the largest codes, largest first, firing ones only
    attributions        signed maps (len(top), h, w) of the pre-activation u at the top images, by method
    stroke_masks        bool (len(top), h, w): the pixels that count as stroke
    intervals           5 of equal width from 0 to the largest code, lowest first; shares sum to 1
    random_active       up to 8 images, uniformly among those on which it fires
    near_misses         up to 8 images of its top class on which it is silent, the largest u first
    inversions          (k, h, w): up to 4 images made to drive it, the cleanest first, then the most
                        different; inversion_activations (k,): its codes there
    best_activation     its code on the best real image
    histogram           int64 (classes, 40): its codes above 0 by class; edges (41,), equal width from 0
    class_given_active  (classes,) P(class | it fires)
    effect_weights      (classes,) what it adds to each logit when it fires, in logits: its mean code above 0
                        times its decoder row times the head's mean Jacobian
    effect_ablation     (classes,) the same measured: mean over the images on which it fires of head(h) -
                        head(h without it), the SAE's error kept. Equal to the above for a linear head
    ablation_accuracy   accuracy without it minus accuracy with it, on those images; negative: it helps
    dose                what clamping it does
    by_cosine           5 other latents with the largest cosine of decoder rows, largest first
    by_correlation      5 other latents with the largest correlation of codes, largest first
    """

    latent: int
    top: Examples
    attributions: Mapping[str, np.ndarray]
    stroke_masks: np.ndarray
    intervals: tuple[Interval, ...]
    random_active: Examples
    near_misses: Examples
    inversions: np.ndarray
    inversion_activations: np.ndarray
    best_activation: float
    histogram: np.ndarray
    edges: np.ndarray
    class_given_active: np.ndarray
    effect_weights: np.ndarray
    effect_ablation: np.ndarray
    ablation_accuracy: float
    dose: DoseResponse
    by_cosine: tuple[Neighbour, ...]
    by_correlation: tuple[Neighbour, ...]

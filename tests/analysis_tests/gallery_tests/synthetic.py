"""Tables and details of features that never were, in every state that a page must survive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from analysis.features.feature import (
    N_BINS,
    N_EXAMPLES,
    N_INTERVALS,
    N_NEIGHBOURS,
    N_TOP,
    TIERS,
    DoseResponse,
    Examples,
    FeatureDetail,
    FeatureTable,
    Interval,
    Neighbour,
    Tick,
    Verdict,
)
from analysis.gallery_parts.feature_view import METHOD_NAMES
from analysis.gallery_parts.trial_view import MetricView, TrialView
from analysis.gallery_parts.writing import Gallery

DIGITS = tuple(map(str, range(10)))


def make_table(
    n_latents: int,
    *,
    shape: tuple[int, int] = (8, 8),
    class_names: tuple[str, ...] = DIGITS,
    dead: tuple[int, ...] = (),
    labels: tuple[str, ...] | None = None,
) -> FeatureTable:
    """Density falls with the number, max activation rises, top classes go round; noise for pictures."""
    rng = np.random.default_rng(0)
    numbers = np.arange(n_latents)
    alive = ~np.isin(numbers, dead)
    top_class = np.where(alive, numbers % len(class_names), -1)
    silent = np.where(alive, 1.0, np.nan)
    return FeatureTable(
        split="val",
        n_images=2000,
        n_classes=len(class_names),
        class_names=class_names,
        image_shape=shape,
        density=np.where(alive, 0.9 / (1 + numbers), 0.0),
        max_activation=np.where(alive, 1.0 + numbers, 0.0),
        mean_activation=np.where(alive, 0.5 + numbers / 2, 0.0),
        purity=silent * rng.uniform(0.3, 1.0, n_latents),
        purity_null=silent * 0.25,
        top_class=top_class,
        ablation_effect=np.where(alive, rng.uniform(0.01, 2.0, n_latents), 0.0),
        dead=~alive,
        dense=alive & (numbers == 0),
        templates=rng.normal(size=(n_latents, *shape)).astype(np.float32) * alive[:, None, None],
        mean_images=rng.random((n_latents, *shape)).astype(np.float32) * alive[:, None, None],
        strongest_images=rng.random((n_latents, *shape)).astype(np.float32) * alive[:, None, None],
        labels=labels
        or tuple(f"fires on {class_names[c]}" if c >= 0 else "never fires" for c in top_class.tolist()),
        verdicts=tuple(_verdict(j) if alive[j] else Verdict(None, "never fires") for j in range(n_latents)),
    )


def _verdict(latent: int) -> Verdict:
    """Tiers go round; the margin falls with the number."""
    tier = latent % len(TIERS)
    ticks = tuple(
        Tick(test, None if tier == 0 else i < tier, f"by 0.{i}") for i, test in enumerate(("usable", "far"))
    )
    return Verdict(TIERS[tier], "", 1 / (2 + latent), ticks)


def make_detail(table: FeatureTable, latent: int) -> FeatureDetail:
    """Full rows for a living latent, and nothing at all for one that never fires."""
    rng = np.random.default_rng(latent)
    alive = table.density[latent] > 0
    n_top = N_TOP if alive else 0
    shape, classes = table.image_shape, table.n_classes
    highest = float(table.max_activation[latent])
    effects = rng.normal(size=(2, classes)) if alive else np.zeros((2, classes))
    counts = rng.integers(0, 60, (classes, N_BINS)) if alive else np.zeros((classes, N_BINS), np.int64)
    edges = np.linspace(0.0, highest, N_INTERVALS + 1)
    others = [Neighbour(j, float(rng.uniform())) for j in range(len(table)) if j != latent][:N_NEIGHBOURS]
    top = _examples(table, rng, n_top, highest)
    return FeatureDetail(
        latent=latent,
        top=top,
        attributions={name: rng.normal(size=(n_top, *shape)) for name in METHOD_NAMES},
        stroke_masks=top.images > 0.3,
        intervals=tuple(
            Interval(low, high, 1 / N_INTERVALS, _examples(table, rng, N_EXAMPLES if alive else 0, high))
            for low, high in pairwise(edges)
        ),
        random_active=_examples(table, rng, N_EXAMPLES if alive else 0, highest),
        near_misses=_examples(table, rng, N_EXAMPLES if alive else 0, 0.0),
        inversions=rng.random((3 if alive else 1, *shape)) * alive,
        inversion_activations=np.full(3 if alive else 1, 1.5 * highest),
        best_activation=highest,
        histogram=counts,
        edges=np.linspace(0.0, highest, N_BINS + 1),
        class_given_active=counts.sum(axis=1) / max(1, counts.sum()),
        effect_weights=effects[0],
        effect_ablation=effects[1],
        ablation_accuracy=-0.012 if alive else 0.0,
        dose=DoseResponse(
            rng.normal(size=(5, classes)) * alive,
            rng.random((5, classes)) * alive,
            rng.random((5, *shape)) * alive,
        ),
        by_cosine=tuple(others),
        by_correlation=tuple(others),
    )


def make_details(table: FeatureTable) -> Iterator[FeatureDetail]:
    """Of all latents, by number."""
    return (make_detail(table, latent) for latent in range(len(table)))


def broken(detail: FeatureDetail) -> FeatureDetail:
    """Every figure of it NaN."""
    return replace(
        detail,
        attributions={name: np.full_like(maps, np.nan) for name, maps in detail.attributions.items()},
        inversions=np.full_like(detail.inversions, np.nan),
        inversion_activations=np.full_like(detail.inversion_activations, np.nan),
        best_activation=float("nan"),
        edges=np.full_like(detail.edges, np.nan),
        class_given_active=np.full_like(detail.class_given_active, np.nan),
        effect_weights=np.full_like(detail.effect_weights, np.nan),
        effect_ablation=np.full_like(detail.effect_ablation, np.nan),
        ablation_accuracy=float("nan"),
        by_cosine=tuple(Neighbour(other.latent, float("nan")) for other in detail.by_cosine),
    )


def make_gallery(name: str = "digits", question: str = "Which latents can be read?") -> Gallery:
    """Of a trial 17."""
    metrics = (
        MetricView("probe/accuracy", "0.971", "", "more is better"),
        MetricView("attribution/junk", "0.620", "chance 1.000", "less is better"),
    )
    trial = TrialView(
        number=17,
        name="trial 0017",
        folder="0017",
        about="Rank 1 of 3. Synthetic.",
        key_metrics=metrics,
        other_metrics=metrics,
        drawn=(("sae.width", "64"), ("basis.kind", "pca")),
        settings=(("sae.kind", "topk"), ("sae.width", "64")),
        reproduce="python search/run.py --reproduce runs/digits 17",
    )
    return Gallery(name, question, "python analysis/gallery.py runs/digits", {}, trial)


def _examples(table: FeatureTable, rng: np.random.Generator, n: int, activation: float) -> Examples:
    """Images of blobs, whose PNG is as long as a digit's; every fifth is misclassified."""
    h, w = table.image_shape
    y, x = np.mgrid[:h, :w]
    at = rng.uniform(0.3, 0.7, (n, 2, 1, 1)) * np.array([h, w]).reshape(1, 2, 1, 1)
    distance = np.hypot(y - at[:, 0], x - at[:, 1]) - h / 4
    images = np.exp(-(distance**2) / (0.02 * h * w) * 4) + rng.normal(scale=0.02, size=(n, h, w)) * (
        np.abs(distance) < h / 8
    )
    labels = rng.integers(0, table.n_classes, n)
    predicted = np.where(np.arange(n) % 5 == 4, (labels + 1) % table.n_classes, labels)
    return Examples(
        rows=rng.integers(0, table.n_images, n),
        images=images.clip(0, 1).astype(np.float32),
        labels=labels,
        predicted=predicted,
        activations=np.full(n, activation, dtype=np.float32),
    )

"""One feature as its page shows it: every text and every place on the sheets, nothing left to compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.features.feature import (
    N_EXAMPLES,
    N_TOP,
    Examples,
    FeatureDetail,
    FeatureTable,
    Neighbour,
    Verdict,
)
from analysis.features.sentence import percent, sentence
from analysis.gallery_parts import prints
from analysis.gallery_parts.dose_view import DoseView, dose_view
from analysis.gallery_parts.effect_bars import EffectRow, effect_rows, effects_differ
from analysis.gallery_parts.histogram import Histogram, histogram
from analysis.gallery_parts.outline import outline
from analysis.gallery_parts.prints import COLUMNS, Sheet, place_of
from analysis.pages.page import figure
from trainables.pictures.colour import limit_of

METHOD_NAMES = {
    "gradient": "gradient",
    "smooth_grad": "SmoothGrad",
    "integrated_gradients": "integrated gradients",
    "occlusion": "occlusion",
}


@dataclass(frozen=True)
class Thumb:
    """One image: its place on the sheet of digits, and what is said of it."""

    x: int
    y: int
    caption: str
    activation: str
    missed: bool
    """Whether the classifier took it for another class."""
    outline: str = ""


@dataclass(frozen=True)
class ExampleRow:
    """Images with what they have in common."""

    heading: str
    detail: str
    thumbs: tuple[Thumb, ...]


@dataclass(frozen=True)
class MethodView:
    """An attribution method; `limit` is the end of its colour scale, `shift` its row on the sheet of maps."""

    key: str
    name: str
    limit: str
    shift: int


@dataclass(frozen=True)
class NeighbourView:
    """Another latent: its number, how near, and its template on the sheet of maps."""

    latent: int
    value: str
    x: int
    y: int
    label: str


@dataclass(frozen=True)
class FeatureView:
    """Everything on the page of one feature."""

    latent: int
    label: str
    sentence: str
    badges: tuple[str, ...]
    verdict: Verdict | None
    facts: tuple[tuple[str, str, str], ...]
    """Name, value, chance level or explanation."""
    tile: tuple[int, int]
    digits: Sheet
    maps: Sheet
    template: tuple[int, int]
    mean: tuple[int, int]
    inversions: tuple[tuple[int, int, str], ...]
    """Left, top and activation of each."""
    best: Thumb | None
    best_activation: str
    methods: tuple[MethodView, ...]
    top: tuple[Thumb, ...]
    rows: tuple[ExampleRow, ...]
    histogram: Histogram | None
    effects: tuple[EffectRow, ...]
    effect_scale: str
    two_effects: bool
    """Whether what it adds by its weights is seen to differ from what is measured."""
    dose: DoseView
    ablation: str
    by_cosine: tuple[NeighbourView, ...]
    by_correlation: tuple[NeighbourView, ...]


def feature_view(table: FeatureTable, detail: FeatureDetail) -> FeatureView:
    """The page of `detail.latent`. Works for dead latents and for values that are NaN."""
    j = detail.latent
    methods = tuple(method for method in METHOD_NAMES if method in detail.attributions)
    near = (*detail.by_cosine, *detail.by_correlation)
    thumbs = _Thumbs(table)
    top = thumbs.of(detail.top, prints.TOP, detail.stroke_masks)
    own = prints.template_slot(len(methods))
    neighbours = _neighbours(near, own + 1, table)
    effects, scale = effect_rows(table.class_names, detail)
    return FeatureView(
        latent=j,
        label=table.labels[j],
        sentence=sentence(table, detail),
        verdict=table.verdicts[j] if table.verdicts else None,
        badges=badges(table, j),
        facts=facts(table, j),
        tile=(table.image_shape[1], table.image_shape[0]),
        digits=prints.digits_sheet(table, detail),
        maps=prints.maps_sheet(table, detail, methods, [other.latent for other in near]),
        template=place_of(own, table.image_shape),
        mean=place_of(prints.MEAN, table.image_shape),
        inversions=tuple(
            (*place_of(prints.INVERSIONS + i, table.image_shape), figure(float(activation)))
            for i, activation in enumerate(detail.inversion_activations)
        ),
        best=top[0] if top else None,
        best_activation=figure(detail.best_activation),
        methods=_methods(methods, detail.attributions, table),
        top=top,
        rows=tuple(_rows(table, detail, thumbs)),
        histogram=histogram(detail, table),
        effects=effects,
        effect_scale=scale,
        two_effects=effects_differ(detail),
        dose=dose_view(table, detail),
        ablation=_ablation(detail),
        by_cosine=neighbours[: len(detail.by_cosine)],
        by_correlation=neighbours[len(detail.by_cosine) :],
    )


def badges(table: FeatureTable, latent: int) -> tuple[str, ...]:
    """Warnings about a latent, in a word each."""
    dead, dense = bool(table.dead[latent]), bool(table.dense[latent])
    silent = not dead and not table.density[latent] > 0
    return tuple(
        name
        for name, told in (("dead", dead), ("dense", dense), (f"silent on {table.split}", silent))
        if told
    )


def facts(table: FeatureTable, latent: int) -> tuple[tuple[str, str, str], ...]:
    """The figures of a latent with their chance levels or explanations."""
    null = figure(float(table.purity_null[latent]))
    return (
        ("density", percent(float(table.density[latent])), f"of {table.n_images} {table.split} images"),
        ("max activation", figure(float(table.max_activation[latent])), ""),
        ("mean activation", figure(float(table.mean_activation[latent])), "where it fires"),
        (
            "purity of its 50 strongest",
            figure(float(table.purity[latent])),
            f"chance {null}" if null != "–" else "too few",
        ),
        ("ablation effect", figure(float(table.ablation_effect[latent])), "largest on a logit"),
    )


class _Thumbs:
    """Makes thumbs of examples that stand on the sheet of digits from a slot on."""

    def __init__(self, table: FeatureTable) -> None:
        self._table = table

    def of(self, examples: Examples, slot: int, masks: np.ndarray | None = None) -> tuple[Thumb, ...]:
        return tuple(
            self._thumb(examples, i, slot + i, "" if masks is None else outline(masks[i]))
            for i in range(len(examples))
        )

    def _thumb(self, examples: Examples, i: int, slot: int, border: str) -> Thumb:
        x, y = place_of(slot, self._table.image_shape)
        label, predicted = int(examples.labels[i]), int(examples.predicted[i])
        names = self._table.class_names
        activation = figure(float(examples.activations[i]))
        caption = (
            f"{names[label]}, predicted {names[predicted]}, activation {activation}, "
            f"{self._table.split} image {int(examples.rows[i])}"
        )
        return Thumb(x, y, caption, activation, label != predicted, border)


def _rows(table: FeatureTable, detail: FeatureDetail, thumbs: _Thumbs) -> list[ExampleRow]:
    rows = [
        ExampleRow(
            f"{figure(interval.low)} to {figure(interval.high)}",
            f"{percent(interval.share)} of firings",
            thumbs.of(interval.examples, prints.INTERVALS + number * N_EXAMPLES),
        )
        for number, interval in enumerate(detail.intervals)
    ]
    rows.reverse()  # the strongest stand next to the top images
    top_class = int(table.top_class[detail.latent])
    missed = f"{table.class_names[top_class]} on which it is silent" if top_class >= 0 else "none"
    rows.append(ExampleRow("random", "wherever it fires", thumbs.of(detail.random_active, prints.RANDOM)))
    rows.append(ExampleRow("near misses", missed, thumbs.of(detail.near_misses, prints.NEAR_MISSES)))
    return rows


def _methods(
    methods: Sequence[str], attributions: Mapping[str, np.ndarray], table: FeatureTable
) -> tuple[MethodView, ...]:
    rows = N_TOP // COLUMNS * table.image_shape[0]
    return tuple(
        MethodView(key, METHOD_NAMES[key], figure(limit_of(attributions[key]), 2), number * rows)
        for number, key in enumerate(methods)
    )


def _neighbours(near: Sequence[Neighbour], slot: int, table: FeatureTable) -> tuple[NeighbourView, ...]:
    return tuple(
        NeighbourView(
            other.latent,
            figure(other.value, 2),
            *place_of(slot + i, table.image_shape),
            table.labels[other.latent],
        )
        for i, other in enumerate(near)
    )


def _ablation(detail: FeatureDetail) -> str:
    """What the classifier loses without the latent, in a sentence."""
    change = 100 * detail.ablation_accuracy
    if not len(detail.top) or change != change:
        return "It fires on none of these images, so nothing was ablated."
    where = "on the images on which it fires"
    if abs(change) < 0.05:
        return f"Zeroing it leaves the accuracy as it was {where}."
    return f"Zeroing it changes the accuracy by {change:+.1f} points {where}.".replace("-", "−")

"""What a feature says about each class: P(class | active), and its effect on the logits in two ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.features.feature import FeatureDetail
from analysis.pages.page import figure

MOST_ROWS = 12


@dataclass(frozen=True)
class Bar:
    """From `start` over `length`, in percent of the width; `text` is the value, `negative` its sign."""

    start: str
    length: str
    text: str
    negative: bool


@dataclass(frozen=True)
class EffectRow:
    """What leaving a latent out does to the logit of one class."""

    name: str
    share: Bar
    by_weights: Bar
    measured: Bar


# Two bars whose lengths differ by less than this share of the scale look the same.
SEEN = 0.02


def effect_limit(detail: FeatureDetail) -> float:
    """The largest |effect| on a logit, at which both kinds of bars end."""
    both = np.abs(np.concatenate([detail.effect_weights, detail.effect_ablation]).astype(np.float64))
    return float(both.max(initial=0.0, where=np.isfinite(both)))


def effects_differ(detail: FeatureDetail) -> bool:
    """Whether the effect by weights is seen to differ from the measured one: never for a linear head."""
    apart = np.abs(np.asarray(detail.effect_weights - detail.effect_ablation, dtype=np.float64))
    return not bool((apart <= SEEN * effect_limit(detail)).all())


def effect_rows(class_names: Sequence[str], detail: FeatureDetail) -> tuple[tuple[EffectRow, ...], str]:
    """One row a class, and the limit of the bars. Of many classes those 12 that are most concerned."""
    limit = effect_limit(detail)
    shown = most_concerned(detail)
    rows = tuple(
        EffectRow(
            name,
            _bar(0.0, float(detail.class_given_active[c]), f"{100 * detail.class_given_active[c]:.0f}"),
            signed_bar(float(detail.effect_weights[c]), limit),
            signed_bar(float(detail.effect_ablation[c]), limit),
        )
        for c, name in enumerate(class_names)
        if c in shown
    )
    return rows, figure(limit, 2)


def most_concerned(detail: FeatureDetail) -> set[int]:
    """Classes with the largest P(class | active) or |effect|, relative to the limit; at most 12."""
    effects = np.stack([detail.effect_weights, detail.effect_ablation]) / (effect_limit(detail) or 1.0)
    concern = np.nan_to_num(np.vstack([detail.class_given_active, np.abs(effects)])).max(axis=0)
    return set(np.argsort(-concern, kind="stable")[:MOST_ROWS].tolist())


def signed_bar(value: float, limit: float) -> Bar:
    """A bar from the middle, to the right if the value is above 0."""
    text = f"{value:+.2f}".replace("-", "−") if np.isfinite(value) else "–"
    text = "0.00" if text in ("+0.00", "−0.00") else text
    half = 0.5 * abs(value) / limit if limit > 0 and np.isfinite(value) else 0.0
    return _bar(0.5 - half if value < 0 else 0.5, half, text, value < 0)


def _bar(start: float, length: float, text: str, negative: bool = False) -> Bar:
    length = length if np.isfinite(length) else 0.0
    return Bar(_short(start), _short(length), text, negative)


def _short(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")

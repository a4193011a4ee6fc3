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


def effect_rows(class_names: Sequence[str], detail: FeatureDetail) -> tuple[tuple[EffectRow, ...], str]:
    """One row a class, and the largest |effect|, at which both kinds of bars end.

    Of many classes those 12 that are likeliest or most affected.
    """
    both = np.abs(np.concatenate([detail.effect_weights, detail.effect_ablation]).astype(np.float64))
    limit = float(both.max(initial=0.0, where=np.isfinite(both)))
    shown = _most_concerned(detail, limit)
    rows = tuple(
        EffectRow(
            name,
            _bar(0.0, float(detail.class_given_active[c]), f"{100 * detail.class_given_active[c]:.0f}"),
            _signed(float(detail.effect_weights[c]), limit),
            _signed(float(detail.effect_ablation[c]), limit),
        )
        for c, name in enumerate(class_names)
        if c in shown
    )
    return rows, figure(limit, 2)


def _most_concerned(detail: FeatureDetail, limit: float) -> set[int]:
    """Classes with the largest P(class | active) or |effect|, relative to the limit."""
    effects = np.stack([detail.effect_weights, detail.effect_ablation]) / (limit or 1.0)
    concern = np.nan_to_num(np.vstack([detail.class_given_active, np.abs(effects)])).max(axis=0)
    return set(np.argsort(-concern, kind="stable")[:MOST_ROWS].tolist())


def _signed(value: float, limit: float) -> Bar:
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

"""A latent's code from none of it to twice of it, as small multiples: one column a dose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.features.feature import DOSES, FeatureDetail, FeatureTable
from analysis.features.sentence import percent
from analysis.gallery_parts import prints
from analysis.gallery_parts.effect_bars import Bar, most_concerned, signed_bar
from analysis.gallery_parts.prints import place_of
from analysis.pages.page import figure


@dataclass(frozen=True)
class DoseRow:
    """One class: its logit at each dose, and whether the latent says most of it."""

    name: str
    bars: tuple[Bar, ...]
    concerned: bool


@dataclass(frozen=True)
class DoseView:
    """doses: heads of the columns; pictures: their places on the sheet of digits; taken: how many images the
    network takes for `of`, the class whose logit rises most. Nothing where the latent never fires."""

    doses: tuple[str, ...]
    pictures: tuple[tuple[int, int], ...]
    rows: tuple[DoseRow, ...]
    of: str
    taken: tuple[str, ...]
    limit: str


def dose_view(table: FeatureTable, detail: FeatureDetail) -> DoseView:
    """Logits less their mean over the classes, all on one scale: a head adds what it likes to all of them."""
    if not len(detail.top):
        return DoseView((), (), (), "", (), "")
    logits = np.asarray(detail.dose.logits, dtype=np.float64)
    centred = logits - logits.mean(axis=1, keepdims=True)
    limit = float(np.abs(centred).max(initial=0.0))
    most = int((centred[-1] - centred[0]).argmax())
    rows = tuple(
        DoseRow(name, tuple(signed_bar(float(value), limit) for value in centred[:, c]), c == most)
        for c, name in enumerate(table.class_names)
        if c in most_concerned(detail) | {most}
    )
    return DoseView(
        tuple(f"{dose:g}×" for dose in DOSES),
        tuple(place_of(prints.DOSE + i, table.image_shape) for i in range(len(DOSES))),
        rows,
        table.class_names[most],
        tuple(percent(float(share)) for share in detail.dose.says[:, most]),
        figure(limit, 2),
    )

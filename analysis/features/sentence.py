"""One honest sentence about a latent: how often it fires, on what, and where it looks.

    Fires on 4 % of the val images; nine of ten are 7s; looks at the top.

Everything counts all its firings, weak ones too: the strongest alone are always purer. It says which classes
and which place, never which shape: nobody has looked.
"""

from __future__ import annotations

import numpy as np

from analysis.features.feature import FeatureDetail, FeatureTable
from analysis.features.where import where

_TENTHS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
# A class, or two together, that have this share of the firings are what it fires on.
CLEAR = 0.65
SECOND = 0.2


def sentence(table: FeatureTable, detail: FeatureDetail) -> str:
    """Say it of the latent of `detail`, whose table is `table`."""
    j = detail.latent
    if table.dead[j]:
        return "Never fires on a train image."
    if not table.density[j] > 0:
        return f"Silent on the {table.split} images."
    parts = [f"Fires on {percent(float(table.density[j]))} of the {table.split} images"]
    told = classes(detail.class_given_active, table.class_names)
    parts += [told] if told else []
    place = where(detail.attributions["occlusion"], detail.top.images)
    parts.append(f"looks at {place}" if place else "looks nowhere in particular")
    return f"{'; '.join(parts)}."


def classes(class_given_active: np.ndarray, names: tuple[str, ...]) -> str:
    """`nine of ten are 7s`, or `three of ten are 4s, its commonest class`; nothing where nothing is known."""
    shares = np.nan_to_num(np.asarray(class_given_active, dtype=np.float64))
    if not shares.any():
        return ""
    order = np.argsort(-shares, kind="stable")
    first, second = float(shares[order[0]]), float(shares[order[1]]) if len(order) > 1 else 0.0
    if first >= CLEAR:
        return f"{_of_ten(first)} are {plural(names[order[0]])}"
    if second >= SECOND and first + second >= CLEAR:
        both = " or ".join(plural(names[c]) for c in sorted(order[:2]))
        return f"{_of_ten(first + second)} are {both}"
    return f"{_of_ten(first)} are {plural(names[order[0]])}, its commonest class"


def percent(share: float) -> str:
    """12 %, 1.2 %, 0.01 %; a dash for NaN."""
    if share != share:
        return "–"
    shown = 100 * share
    return f"{shown:.0f} %" if shown >= 10 or shown == 0 else f"{shown:.2g} %"


def plural(name: str) -> str:
    """7s; of class "ankle boot"."""
    return f"{name}s" if len(name) == 1 else f'of class "{name}"'


def _of_ten(share: float) -> str:
    if share >= 0.995:
        return "all"
    if share >= 0.95:
        return "nearly all"
    tenths = round(10 * share)
    return f"{_TENTHS[tenths]} of ten" if tenths else "fewer than one of ten"

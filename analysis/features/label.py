"""A guess in a few words at what a latent stands for: from the classes of the images on which it fires."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.features.feature import NO_CLASS

# A class that has this share of the firings, or two that have it together, give the latent its name.
CLEAR = 0.75
# Two names need two that count.
SECOND = 0.2
# What is no majority is a mixture.
MOSTLY = 0.5


def automatic_label(
    class_given_active: np.ndarray, class_names: Sequence[str], *, dead: bool, dense: bool, strongest: int
) -> str:
    """Words for P(class | active) (classes,), all 0 for a latent that is silent on the split.

    strongest: the class of its strongest images, if they have one; NO_CLASS if not. A latent that fires on
    all sorts of images is named after it.

    It says which classes, never which shape: nobody has looked.
    """
    if dead:
        return "never fires"
    if not class_given_active.any():
        return "silent on these images"
    order = np.argsort(-class_given_active, kind="stable")
    first, second = (float(class_given_active[i]) for i in [*order, order[0]][:2])
    names = [class_names[i] for i in order[:2]]
    if first >= CLEAR:
        return f"fires on {names[0]}"
    if len(order) > 1 and first + second >= CLEAR and second >= SECOND:
        return " and ".join(sorted(names, key=list(class_names).index))
    if first >= MOSTLY:
        return f"mostly {names[0]}"
    if strongest != NO_CLASS:
        return f"strongest on {class_names[strongest]}"
    if dense:
        return "fires on most images"
    return "mixed digits" if all(name.isdecimal() for name in class_names) else "mixed classes"

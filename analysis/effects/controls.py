"""Which settings are controls: what is changed in the same way, but by chance instead of by an idea.

A rotation by chance mixes the coordinates as PCA or ICA do, without looking at the data; targets by chance
pull on the classifier as an SAE's codes do, without an SAE; concepts of other images ask as much of the
hidden units as true ones, and say nothing. An idea that does no better than its control does
not work for the reason it was tried for.
"""

from __future__ import annotations

from collections.abc import Mapping

from search.study.design import Arm, Design
from search.study.domains import Scalar

CONTROL_SETTINGS: dict[str, Scalar] = {
    "basis.kind": "random_rotation",
    "loop.targets": "random",
    "auxiliary.concept_table": "shuffled_image_statistics",
}
"""Path -> its value that makes a trial a control."""
CONCERNS = {
    "basis.kind": "basis.kind",
    "loop.targets": "loop.kind",
    "auxiliary.concept_table": "auxiliary.concepts",
}
"""Path of a control's setting -> what an arm sets that it is the control of."""


def control_setting(changes: Mapping[str, Scalar]) -> str | None:
    """The path by which an arm is a control; None if it is none."""
    return next((path for path, value in CONTROL_SETTINGS.items() if changes.get(path) == value), None)


def controls(design: Design) -> dict[str, str]:
    """Arm -> its control among the design's arms, for those that have one besides the default.

    The control of an arm does the same by chance; of several, the one that shares the
    most settings with the arm and has the fewest of its own, so that a weight of 0.3 meets one of 0.3.
    """
    candidates = [(arm, path) for arm in design.arms if (path := control_setting(arm.changes)) is not None]
    found: dict[str, str] = {}
    for arm in design.arms:
        if control_setting(arm.changes) is not None:
            continue
        own = [control for control, path in candidates if CONCERNS[path] in arm.changes]
        if own:
            found[arm.name] = max(own, key=lambda control: _likeness(arm, control)).name
    return found


def _likeness(arm: Arm, control: Arm) -> tuple[int, int]:
    shared = sum(control.changes.get(path) == value for path, value in arm.changes.items())
    return shared, -len(control.changes)

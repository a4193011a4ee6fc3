from __future__ import annotations

import numpy as np
import pytest

from analysis.features.feature import NO_CLASS
from analysis.features.label import automatic_label

DIGITS = tuple(map(str, range(4)))


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ([0.0, 0.0, 0.1, 0.9], "fires on 3"),
        ([0.0, 0.5, 0.0, 0.5], "1 and 3"),
        ([0.05, 0.3, 0.05, 0.6], "1 and 3"),
        ([0.1, 0.19, 0.15, 0.56], "mostly 3"),
        ([0.25, 0.25, 0.25, 0.25], "mixed digits"),
        ([0.0, 0.0, 0.0, 0.0], "silent on these images"),
    ],
)
def test_words(shares: list[float], words: str) -> None:
    assert automatic_label(np.array(shares), DIGITS, dead=False, dense=False, strongest=NO_CLASS) == words


def test_dead_and_dense() -> None:
    even = np.full(4, 0.25)
    assert automatic_label(even, DIGITS, dead=True, dense=False, strongest=NO_CLASS) == "never fires"
    assert automatic_label(even, DIGITS, dead=False, dense=True, strongest=NO_CLASS) == "fires on most images"
    one = np.array([1.0, 0, 0, 0])
    assert automatic_label(one, DIGITS, dead=False, dense=True, strongest=0) == "fires on 0"


def test_what_fires_on_everything_is_named_after_its_strongest_images() -> None:
    for dense in (False, True):
        words = automatic_label(np.full(4, 0.25), DIGITS, dead=False, dense=dense, strongest=2)
        assert words == "strongest on 2"


def test_other_classes_than_digits_and_a_single_class() -> None:
    names = ("<b>coat</b>", "shoe", "hat")
    assert (
        automatic_label(np.full(3, 1 / 3), names, dead=False, dense=False, strongest=NO_CLASS)
        == "mixed classes"
    )
    assert (
        automatic_label(np.array([1.0, 0, 0]), names, dead=False, dense=False, strongest=NO_CLASS)
        == "fires on <b>coat</b>"
    )
    assert (
        automatic_label(np.array([1.0]), ("0",), dead=False, dense=False, strongest=NO_CLASS) == "fires on 0"
    )

"""Every question has one right answer, and guessing gets what it says."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.blind_test.questions import KINDS, MOST, askable, question
from tests.analysis_tests.blind_test_tests.planted import IMAGES, LATENTS, codes, labels


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(8))
def test_one_choice_is_right_and_nothing_is_shown_twice(kind: str, seed: int) -> None:
    z = codes()[:, 2]
    it = question(kind, 2, z, labels(), np.random.default_rng(seed))
    fires = z[list(it.choices)] > 0
    assert fires.sum() == (4 if kind == "intruder" else 1)
    assert fires[it.right] == (kind != "intruder")
    assert it.chance == (0.2 if kind == "intruder" else 0.25)
    assert len(set(it.shown) | set(it.choices)) == len(it.shown) + len(it.choices)
    assert (z[list(it.shown)] > np.median(z[z > 0])).all(), "the stronger half"
    silent = [row for row in it.choices if z[row] == 0]
    assert set(labels()[silent]) == {2}, "of the class that it fires on, so that the class tells nothing"


def test_where_a_class_has_no_silent_image_others_take_their_place() -> None:
    z = np.where(labels() == 1, 1.0 + np.arange(IMAGES) / IMAGES, 0.0)
    it = question("fires", 0, z, labels(), np.random.default_rng(0))
    assert sum(z[row] > 0 for row in it.choices) == 1


def test_the_right_choice_lies_anywhere() -> None:
    z, rng = codes()[:, 0], np.random.default_rng(0)
    places = [question("fires", 0, z, labels(), rng).right for _ in range(200)]
    assert np.bincount(places, minlength=4).min() > 30


def test_only_latents_that_fire_often_enough_and_not_on_everything_are_asked_about() -> None:
    z = codes()
    z[:, 4] = 1.0
    z[np.flatnonzero(z[:, 3])[:-17], 3] = 0.0
    assert askable(z).tolist() == [0, 1, 2]
    assert LATENTS == 6
    assert MOST == 0.25

"""A sentence says the truth of planted firings and planted places, and nothing where nothing is clear."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.features.sentence import classes, percent, sentence
from analysis.features.where import ZONES, where
from tests.analysis_tests.gallery_tests.synthetic import DIGITS, make_detail, make_table


def ring(side: int = 28) -> np.ndarray:
    """An even square of ink, off the middle of the image as digits never are."""
    image = np.zeros((1, side, side))
    image[:, side // 4 : -2, side // 8 : -side // 8] = 1.0
    return image


@pytest.mark.parametrize(
    ("zone", "row", "column"),
    [
        ("the top", 0, None),
        ("the bottom", 2, None),
        ("the left side", None, 0),
        ("the right side", None, 2),
        ("the top left", 0, 0),
        ("the bottom right", 2, 2),
        ("the centre", 1, 1),
        ("the middle of the right side", 1, 2),
        ("the middle, from left to right", 1, None),
    ],
)
def test_planted_places_are_named(zone: str, row: int | None, column: int | None) -> None:
    assert zone in ZONES
    image = ring()
    rows, columns = np.array_split(np.arange(7, 26), 3), np.array_split(np.arange(3, 25), 3)
    cost = -0.2 * image  # what helps the latent when it is covered counts for nothing
    at_rows = np.concatenate(rows) if row is None else rows[row]
    at_columns = np.concatenate(columns) if column is None else columns[column]
    cost[np.ix_([0], at_rows, at_columns)] = 1.0
    assert where(cost, image) == zone


def test_no_place_is_named_where_none_is_clear() -> None:
    image = ring()
    rng = np.random.default_rng(0)
    assert where(image, image) is None, "as the ink lies"
    assert where(rng.random((16, 28, 28)), np.repeat(image, 16, axis=0)) is None
    assert where(0 * image, image) is where(image[:0], image[:0]) is where(image, 0 * image) is None
    middle = np.zeros_like(image)
    middle[:, 10:20, 8:20] = 1.0
    assert where(middle, middle) is None, "all the ink is in the middle, and so is all that it could read"


def test_classes_are_counted_over_all_firings() -> None:
    def shares(**told: float) -> np.ndarray:
        found = np.zeros(10)
        for name, share in told.items():
            found[int(name[1:])] = share
        return found

    assert classes(shares(c7=0.92, c1=0.08), DIGITS) == "nine of ten are 7s"
    assert classes(shares(c7=1.0), DIGITS) == "all are 7s"
    assert classes(shares(c7=0.97, c1=0.03), DIGITS) == "nearly all are 7s"
    assert classes(shares(c3=0.4, c5=0.4, c8=0.2), DIGITS) == "eight of ten are 3s or 5s"
    assert classes(np.full(10, 0.1), DIGITS) == "one of ten are 0s, its commonest class"
    assert classes(np.eye(2)[1], ("coat", "ankle boot")) == 'all are of class "ankle boot"'
    assert classes(np.zeros(10), DIGITS) == ""
    assert [percent(share) for share in (0.5, 0.012, 0.0, float("nan"))] == ["50 %", "1.2 %", "0 %", "–"]


def test_the_sentence_of_a_living_a_dead_and_a_silent_latent() -> None:
    table = make_table(12, dead=(5,))
    detail = make_detail(table, 3)
    pictures = detail.attributions["occlusion"], detail.top.images
    told = sentence(table, detail)
    assert told.startswith("Fires on 22 % of the val images; ")
    assert told.endswith(("looks nowhere in particular.", f"looks at {where(*pictures)}."))
    assert sentence(table, make_detail(table, 5)) == "Never fires on a train image."
    table.density[4] = 0.0
    assert sentence(table, make_detail(table, 4)) == "Silent on the val images."

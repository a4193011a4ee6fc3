"""The panel's table, and its rows as words where it is too wide: every value behind its own heading."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from search.confirmation.estimates import Confirmed, Estimate
from search.confirmation.subjects import Subject
from search.confirmation.tables import means, print_panel
from search.ranking.floor import READABLE, floor_words

METRICS = (READABLE, "sae/l0")


def panel() -> Confirmed:
    values = {"pipeline": (8.0, 4.0), "class_means": (2.0, 4.5), "kmeans": (3.0, 5.0), "identity": (1.0, 9.0)}
    told = {
        name: dict(zip(METRICS, (Estimate(v, 0.1, 3) for v in pair), strict=True))
        for name, pair in values.items()
    }
    controls = {name: told[name] for name in told if name != "pipeline"}
    return Confirmed(Subject(7, False), (1, 2, 3), (), {}, told, {}, controls, {})


def printed(width: int) -> list[list[str]]:
    stream = io.StringIO()
    print_panel(panel(), METRICS, Console(file=stream, width=width, highlight=False))
    return [line.split() for line in stream.getvalue().splitlines() if "." in line]


def test_the_trained_sae_leads_then_the_panel_the_ceiling_then_what_is_no_more() -> None:
    assert [" ".join(row) for row in printed(80)] == [
        "the trained SAE 8.000 4.000",
        "k-means 3.000 5.000",
        "differences of class means (ceiling) 2.000 4.500",
        "identity 1.000 9.000",
    ]


def test_rows_as_words_say_the_same() -> None:
    assert " ".join(printed(40)[0]) == "the trained SAE: latents/readable 8.000,"


@pytest.mark.parametrize(("se", "words"), [(0.1, "floor 7"), (2.0, "within the floor 7")])
def test_the_error_over_seeds_takes_the_place_of_the_cards(se: float, words: str) -> None:
    estimates = {
        READABLE: Estimate(8.0, se, 3),
        f"{READABLE}_se": Estimate(0.9, 0.1, 3),
        f"{READABLE}_floor": Estimate(7.0, se, 3),
        f"{READABLE}_floor_se": Estimate(0.9, 0.1, 3),
    }
    assert floor_words(READABLE, means(estimates)) == words

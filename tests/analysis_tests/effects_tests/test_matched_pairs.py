"""Pairs differ in one setting alone, share no trial, and are as many as there can be."""

from __future__ import annotations

import itertools

import numpy as np

from analysis.effects.matched_pairs import NEAR, matched_pairs
from analysis.effects.settings import settings_of
from search.study.domains import Scalar
from tests.analysis_tests.effects_tests.planted import planted_study

STUDY = planted_study()
OFF: dict[str, Scalar] = {"auxiliary.null?": False, "auxiliary.junk?": False}


def draw(
    kind: str = "raw", sae: str = "topk", width: int = 128, components: int | None = None
) -> dict[str, Scalar]:
    more: dict[str, Scalar] = {} if components is None else {"basis.components": components}
    return {"basis.kind": kind, "sae.kind": sae, "sae.width": width, **OFF, **more}


def pairs_of(draws: list[dict[str, Scalar]], path: str, n_with: int) -> list[tuple[int, int]]:
    trials, whole = settings_of(STUDY, draws)
    assert whole.all()
    first = np.arange(len(draws)) < n_with
    return sorted(matched_pairs(STUDY, trials, path, first, ~first))


def test_pairs_that_were_planted_are_found() -> None:
    widths = (64, 128, 256, 512)
    draws = [draw(sae=kind, width=width) for kind in ("relu", "topk") for width in widths]
    assert pairs_of(draws, "sae.kind", 4) == [(0, 4), (1, 5), (2, 6), (3, 7)]


def test_another_choice_or_a_distant_range_makes_no_pair() -> None:
    assert pairs_of([draw(sae="relu"), draw("pca", components=8)], "sae.kind", 1) == []
    assert pairs_of([draw(sae="relu", width=128), draw(width=180)], "sae.kind", 1) == []
    assert pairs_of([draw(sae="relu", width=128), draw(width=130)], "sae.kind", 1) == [(0, 1)]


def test_a_switch_makes_no_pair_and_a_parameter_of_the_setting_itself_does() -> None:
    junk: dict[str, Scalar] = {"auxiliary.junk?": True, "auxiliary.junk": 1.0}
    assert pairs_of([draw(sae="relu"), {**draw(), **junk}], "sae.kind", 1) == []
    with_it = draw("pca", components=16)
    assert pairs_of([with_it, draw("raw")], "basis.kind", 1) == [(0, 1)]
    assert pairs_of([{**draw(), **junk}, draw()], "auxiliary.junk", 1) == [(0, 1)]


def test_no_trial_is_in_two_pairs_and_no_more_pairs_are_possible() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        places = np.sort(rng.integers(64, 80, size=7)).tolist()
        draws = [draw(sae="relu" if k < 3 else "topk", width=int(w)) for k, w in enumerate(places)]
        found = pairs_of(draws, "sae.kind", 3)
        column = settings_of(STUDY, draws)[0]["sae.width"].place
        near = np.abs(column[:3, None] - column[None, 3:]) <= NEAR
        most = max(
            sum(bool(near[i, j]) for i, j in enumerate(order))
            for order in itertools.permutations(range(4), 3)
        )
        assert len(found) == most
        assert len({i for i, _ in found} | {j for _, j in found}) == 2 * len(found)


def test_an_empty_side_has_no_pairs() -> None:
    assert pairs_of([draw(), draw(width=64)], "sae.kind", 0) == []

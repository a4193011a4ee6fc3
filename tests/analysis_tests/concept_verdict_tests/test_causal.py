"""The word that arms get, where it is known which they deserve."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.concept_verdict.causal import judge
from analysis.concept_verdict.rule import ACCURACY, CONTROLS, FVU, NONE, PRIMARY, REAL, Rule, Word

RULE = Rule()


def arms(
    n: int,
    real: float = 0.0,
    images: float = 0.0,
    accuracy: float = 0.0,
    fvu: float = 0.0,
    noise: float = 0.05,
) -> dict[str, dict[str, list[float]]]:
    """Five arms of n seeds with a spread of `noise`; the real one and random functions differ by that."""
    draws = np.random.default_rng(n)
    shift = {REAL: real, "random_images": images}
    return {
        arm: {
            PRIMARY: list(0.1 + shift.get(arm, 0.0) + noise * draws.normal(size=n)),
            ACCURACY: list(0.95 + (accuracy if arm == REAL else 0.0) + 0.002 * draws.normal(size=n)),
            FVU: list(0.2 + (fvu if arm == REAL else 0.0) + 0.005 * draws.normal(size=n)),
        }
        for arm in (NONE, REAL, *CONTROLS)
    }


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (arms(8, real=0.2), Word.USEFUL),
        (arms(3, real=0.2, images=0.2), Word.INCONCLUSIVE),  # no better than random functions
        (arms(40, real=0.2, images=0.2), Word.DECORATIVE),
        (arms(40), Word.DECORATIVE),
        (arms(3, real=0.08), Word.INCONCLUSIVE),
        (arms(8, real=0.2, accuracy=-0.05), Word.HARMFUL),
        (arms(8, real=0.2, fvu=0.2), Word.HARMFUL),
        (arms(60, real=0.02), Word.DECORATIVE),  # there, but less than matters
    ],
)
def test_the_word_is_the_one_deserved(given: dict[str, dict[str, list[float]]], word: Word) -> None:
    assert judge(given, 1, RULE).word is word


def test_it_must_be_above_every_arm_and_the_nearest_is_named() -> None:
    found = judge(arms(40, real=0.2, images=0.15), 1, RULE)
    by_arm = {c.against: c for c in found.comparisons if c.metric == PRIMARY}
    assert found.p[PRIMARY] == by_arm["random_images"].p == max(c.p for c in by_arm.values())
    assert any("random_images" in reason for reason in found.reasons)


def test_several_primaries_are_paid_by_holm() -> None:
    given = arms(8, real=0.2)
    for own in given.values():
        own["other"] = list(np.random.default_rng(1).normal(size=8))
    rule = Rule(primaries=(PRIMARY, "other"))
    assert judge(given, 1, rule).p[PRIMARY] == pytest.approx(2 * judge(given, 1, RULE).p[PRIMARY])
    assert judge(given, 1, rule).word is Word.USEFUL


def test_a_later_look_asks_for_more() -> None:
    given = arms(5, real=0.09)
    first, later = judge(given, 1, RULE), judge(given, 3, RULE)
    assert later.level < first.level
    assert later.power < first.power


def test_what_is_open_is_told_its_seeds() -> None:
    found = judge(arms(4, real=0.09), 1, RULE)
    assert found.word is Word.INCONCLUSIVE
    assert found.seeds is not None
    assert found.seeds > 4
    assert judge(arms(8, real=0.2), 1, RULE).seeds is None


def test_accuracy_that_may_have_fallen_is_not_useful() -> None:
    given = arms(6, real=0.2)
    given[REAL][ACCURACY] = [0.95, 0.90, 0.99, 0.93, 0.97, 0.96]
    found = judge(given, 1, RULE)
    assert found.word is Word.INCONCLUSIVE
    assert "may have fallen" in found.reasons[-1]

"""The short version of studies/concepts/simulate.py: false positives and power, from the committed arms."""

from __future__ import annotations

import pytest

from analysis.concept_verdict.rule import Rule, Word
from studies.concepts.simulate import PAGE, Pool, read_pool, shares


@pytest.fixture(scope="module")
def pool() -> Pool:
    return read_pool()


def test_useless_sets_are_rarely_useful(pool: Pool) -> None:
    """Of 150 sets at the rule's worst case 5 % would be 7.5; 15 and more happen once in 200."""
    found = shares("between", 150, pool, Rule(), seed=1)
    assert found[20][Word.USEFUL] < 15


def test_a_rule_that_does_not_pay_for_looks_is_caught(pool: Pool) -> None:
    class Free(Rule):
        def level(self, look: int) -> float:
            return min(0.2, float(look))

    assert shares("between", 60, pool, Free(effect=0.0), seed=1)[20][Word.USEFUL] > 12


def test_helpful_sets_are_found_and_harmful_ones_told(pool: Pool) -> None:
    assert shares("parts", 40, pool, Rule(), seed=1)[10][Word.USEFUL] >= 32
    assert shares("too_much", 20, pool, Rule(), seed=1)[20][Word.HARMFUL] >= 16


def test_the_committed_table_keeps_what_is_promised() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and line.split("|")[3].strip().isdecimal()
    ]
    assert all(int(row[2]) >= 400 for row in rows)
    useless = [float(row[4]) for row in rows if row[1] == "useless"]
    assert len(useless) == 9
    assert max(useless) <= 0.05
    power = {int(row[3]): float(row[4]) for row in rows if row[0] == "parts"}
    assert power[10] >= 0.8

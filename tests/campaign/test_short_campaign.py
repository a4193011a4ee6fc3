"""The campaign's own machinery on one short search; `make campaign` is the campaign."""

from __future__ import annotations

from pathlib import Path

from tests.campaign.one_seed import one_seed


def test_a_search_under_two_faults_ends_as_if_nothing_had_been(tmp_path: Path) -> None:
    outcome = one_seed(1, tmp_path, trials=4, faults=2)
    assert outcome.violations == []
    assert outcome.drivers >= 1

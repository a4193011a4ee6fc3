"""Metrics that a rung would lack are refused by name, place and reason."""

from __future__ import annotations

import pytest

from search.errors import SpaceError
from search.space.loader import load_text

HEAD = "name: x\nquestion: Does it load?\n"
FINAL = f"{HEAD}objectives: [{{metric: selectivity/f1, mode: max}}]\n"


def test_a_final_metric_needs_a_search_without_rungs() -> None:
    with pytest.raises(
        SpaceError, match=r"x.yaml:3:\d+: objectives\[0\].metric: selectivity/f1 exists only at"
    ):
        load_text(FINAL, "x.yaml")
    assert load_text(f"{FINAL}scheduler: {{name: none}}\n", "x.yaml").study.scheduler.rungs == 1


def test_a_constraint_on_it_is_refused_too() -> None:
    objective = "objectives: [{metric: probe/accuracy, mode: max}]\n"
    text = f"{HEAD}{objective}constraints: [{{metric: probe/k1, min: 0.8}}]\n"
    with pytest.raises(SpaceError, match=r"constraints\[0\].metric: probe/k1 exists only at full budget"):
        load_text(text, "x.yaml")


def test_a_confirmation_metric_is_never_searched_by() -> None:
    text = FINAL.replace("selectivity/f1", "stability/pw_mcc") + "scheduler: {name: none}\n"
    with pytest.raises(SpaceError, match="stability/pw_mcc is measured only in a confirmation"):
        load_text(text, "x.yaml")

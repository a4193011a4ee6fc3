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


def test_what_is_retired_is_refused_wherever_a_new_file_names_it() -> None:
    text = FINAL.replace("selectivity/f1", "interpretability/score") + (
        "constraints: [{metric: interpretability/junk, min: 0.1}]\nscore: {parts: [junk]}\n"
    )
    with pytest.raises(SpaceError) as caught:
        load_text(text, "x.yaml")
    for place in ("objectives[0].metric: interpretability/score", "constraints[0].metric: interpretability/"):
        assert place in str(caught.value)
    assert "score: interpretability/score is measured no more" in str(caught.value)
    with pytest.raises(SpaceError, match=r"metrics\[0\]: unknown value 'interpretability/score'"):
        load_text(f"{FINAL}metrics: [interpretability/score]\nscheduler: {{name: none}}\n", "x.yaml")


def test_the_file_of_an_older_run_may_judge_by_what_is_retired() -> None:
    text = "# Resolved: by an older version\n" + FINAL.replace("selectivity/f1", "interpretability/score")
    study = load_text(f"{text}score: {{parts: [junk]}}\n", "x.yaml").study
    assert [objective.metric for objective in study.objectives] == ["interpretability/score"]
    assert study.metrics == ()

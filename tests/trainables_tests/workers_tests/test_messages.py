"""Messages between driver and worker: they come back as they were sent, and no text is endless."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables.workers.messages import LONGEST_REASON, StepReport, StepResult, TrialTask, shortened
from trainables.workers.trial_actor import LOG_BYTES, ShortLines, one_line

metrics = st.dictionaries(st.text(max_size=9), st.floats(allow_nan=False, allow_infinity=False), max_size=3)
reports = st.builds(StepReport, st.integers(0, 99), st.none() | st.integers(1, 6), metrics)
steps = st.builds(
    StepResult,
    st.lists(reports, max_size=3).map(tuple),
    st.none() | st.fixed_dictionaries({"path": st.text(max_size=9), "sha256": st.text(max_size=9)}),
    st.none() | st.integers(1, 6),
    st.none() | st.text(max_size=9),
)


@given(steps)
def test_a_step_comes_back(step: StepResult) -> None:
    assert StepResult.parse({**step.dump(), "trial_id": "added by Ray"}) == step


def test_a_task_comes_back() -> None:
    task = TrialTask(7, "0007", {"sae": {"kind": "topk"}}, passed=2)
    assert TrialTask.parse(task.dump()) == task


@pytest.mark.parametrize("length", [LONGEST_REASON, LONGEST_REASON + 1, 30_000_000])
def test_an_exception_that_talks_too_much_is_cut(length: int) -> None:
    reason = shortened(one_line(ValueError("x" * length)))
    assert len(reason) < LONGEST_REASON + 50
    assert reason.startswith("ValueError: xxx")
    record = logging.LogRecord("trainables", logging.ERROR, "f.py", 1, "x" * length, None, None)
    assert len(ShortLines().format(record)) <= LOG_BYTES // 20 + 100

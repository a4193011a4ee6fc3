"""The searcher that Ray Tune asks, without a Ray: what is lost comes again, and when all is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ray.tune.search import Searcher

from search.execution.tune_adapters import LedgerSearcher
from search.ledger.history import TrialRecord
from search.ledger.recorder import Recorder, recording
from search.scheduling.rung_scheduler import RungScheduler
from search.scheduling.timeouts import Attempts
from search.stages.proposing import suggester_for
from tests.search_tests.histories import make_study
from trainables.workers.messages import TrialTask


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    with recording(tmp_path / "trials.jsonl", lambda _: []) as recorder:
        yield recorder


def _searcher(recorder: Recorder, folder: Path, *, trials: int, places: int, retries: int) -> LedgerSearcher:
    study = make_study(trials=trials)
    scheduler, suggester = RungScheduler(study, recorder), suggester_for(study, recorder, trials)
    attempts = Attempts(15.0, "timeout: longer than 15")
    return LedgerSearcher(suggester, scheduler, recorder, lambda: places, _task, attempts, folder, retries)


def _task(record: TrialRecord) -> TrialTask:
    return TrialTask(record.number, record.folder, {})


def test_a_lost_trial_is_handed_out_again_before_new_ones(recorder: Recorder, tmp_path: Path) -> None:
    searcher = _searcher(recorder, tmp_path, trials=2, places=1, retries=1)
    assert searcher.suggest("a")["number"] == 0
    assert searcher.suggest("b") is None
    searcher.on_trial_complete("a", error=True)
    record = recorder.history.trials[0]
    assert (record.state, record.retries) == ("RUNNING", 1)
    assert searcher.suggest("c")["number"] == 0
    searcher.on_trial_complete("c", error=True)
    assert (record.state, record.reason) == ("FAIL", "lost: the worker process died 2 times")
    assert searcher.suggest("d")["number"] == 1


def test_the_search_is_not_over_while_a_trial_may_come_again(recorder: Recorder, tmp_path: Path) -> None:
    searcher = _searcher(recorder, tmp_path, trials=1, places=4, retries=1)
    assert searcher.suggest("a")["number"] == 0
    assert searcher.suggest("b") is None
    searcher.on_trial_complete("a", error=True)
    assert searcher.suggest("c")["number"] == 0
    recorder.end(0, "COMPLETE", values=[1.0, 1.0])
    searcher.on_trial_complete("c")
    assert searcher.suggest("d") == Searcher.FINISHED
    assert len(recorder.history.trials) == 1


def test_what_the_watchdog_ended_does_not_come_again(recorder: Recorder, tmp_path: Path) -> None:
    searcher = _searcher(recorder, tmp_path, trials=1, places=1, retries=3)
    searcher.suggest("a")
    record = recorder.history.trials[0]
    mark = tmp_path / record.folder / "timeout.txt"
    mark.parent.mkdir()
    mark.write_text("Timeout (0:00:15)!")
    searcher.on_trial_complete("a", error=True)
    assert record.state == "FAIL"
    assert record.reason == f"timeout: longer than 15, where it was: trials/{record.folder}/timeout.txt"

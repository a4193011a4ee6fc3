"""Settings of failed trials come first once more, each once, also after a resume."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.cli.options import Resume, parse
from search.ledger.ledger import Ledger
from search.ledger.recorder import Recorder
from search.ledger.retries import to_retry
from search.scheduling.suggester import SamplingSuggester
from tests.search_tests.histories import make_study


def test_failed_trials_are_tried_again_before_new_ones(tmp_path: Path) -> None:
    study = make_study(trials=4)
    ledger, history = Ledger.open(tmp_path / "trials.jsonl")
    recorder = Recorder(ledger, history, [])
    first = SamplingSuggester(study, recorder, 4)
    for state in ("COMPLETE", "FAIL", "PRUNED", "FAIL"):
        proposal = first.next()
        assert proposal is not None
        values = [0.9, 0.5] if state == "COMPLETE" else None
        recorder.end(proposal.record.number, state, values=values)
        first.told(proposal.record)
    assert first.next() is None
    assert [record.number for record in to_retry(history)] == [1, 3]
    second = SamplingSuggester(study, recorder, 7, again=to_retry(history))
    retried, also, fresh = second.next(), second.next(), second.next()
    assert retried is not None
    assert also is not None
    assert fresh is not None
    assert (retried.record.params, retried.record.origin) == (history.trials[1].params, "retry:1")
    assert (also.record.params, also.record.origin) == (history.trials[3].params, "retry:3")
    assert fresh.record.origin == "sampler"
    assert to_retry(history) == []  # though both still run
    recorder.end(4, "FAIL", reason="again")
    assert [record.number for record in to_retry(history)] == [4]
    ledger.close()


def test_it_goes_with_a_resume_alone(capsys: pytest.CaptureFixture[str]) -> None:
    mode = parse(["--resume", "runs/x", "--retry-failed"]).mode
    assert isinstance(mode, Resume)
    assert mode.retry_failed
    with pytest.raises(SystemExit):
        parse(["spaces/sae.yaml", "--retry-failed"])
    assert "--retry-failed goes with --resume" in capsys.readouterr().err

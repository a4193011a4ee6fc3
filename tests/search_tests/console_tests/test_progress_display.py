"""Lines off a terminal, a live table on one, and an honest estimate of the time left."""

from __future__ import annotations

import io
import os
import pty
import threading
from pathlib import Path

import pytest

from search.console.progress_display import Progress, wants_plain_lines
from search.console.progress_lines import time_left
from search.console.progress_tracker import ProgressTracker
from search.ledger.history import History, fold
from search.ranking.pareto import pareto_front
from tests.search_tests.histories import Run, make_study, random_run, replayed, typical_run

RUN_DIR = Path("runs/sae-1")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "CI", "FORCE_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def follow(run: Run, stream: io.StringIO, *, seconds_per_event: float = 0.0) -> list[str]:
    now = [0.0]
    progress = Progress(run.study, RUN_DIR, stream=stream, clock=lambda: now[0])
    progress.start(History())
    for _, history in replayed(run):
        now[0] += seconds_per_event
        progress.update(history)
    progress.stop()
    progress.stop()
    return stream.getvalue().splitlines()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("setting", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"CI": "true"}])
def test_plain_lines_are_chosen_by_the_environment(setting: dict[str, str]) -> None:
    assert wants_plain_lines(Terminal(), setting)
    assert not wants_plain_lines(Terminal(), {"TERM": "xterm"})
    assert wants_plain_lines(io.StringIO(), {"TERM": "xterm"})


def test_plain_lines_one_per_ended_trial_without_escape_codes() -> None:
    lines = follow(typical_run(), io.StringIO())
    ends = [line for line in lines if line.startswith("[")]
    assert len(ends) == 9
    assert ends[4].startswith(
        "[5/12] trial 0004 pruned at rung 1  probe/accuracy 0.55  attribution/junk 0.99  sae/dead_fraction"
    )
    assert "trial 0003 complete, outside a constraint  " in ends[3]
    assert ends[8] == "[9/12] trial 0008 failed: timeout after 600 s  (1.0 s)"
    assert lines[-1].startswith("9/12 trials ended: 4 complete, 2 pruned, 3 failed; 1 running")
    # The infeasible 0.99 is not the best.
    assert "best probe/accuracy 0.95 (trial 0001); best attribution/junk 0.6 (trial 0002)" in lines[-1]
    assert "\x1b" not in "".join(lines)


def test_status_lines_come_at_most_every_thirty_seconds() -> None:
    run = random_run(30)
    lines = follow(run, io.StringIO(), seconds_per_event=1.0)
    status = [line for line in lines if "trials ended" in line]
    assert 2 + len(run.events) // 32 <= len(status) <= 2 + len(run.events) // 30


def test_a_resumed_search_counts_what_was_done_but_not_in_its_rate() -> None:
    run = typical_run()
    stream = io.StringIO()
    now = [100.0]
    progress = Progress(run.study, RUN_DIR, stream=stream, clock=lambda: now[0])
    history = fold(run.events)
    run.history = history
    run.tell(event="session", command=["resume"], host="here", pid=2, target=20)
    progress.start(history)
    run.prune(10, 0.7, 0.8)
    now[0] += 60.0
    progress.update(history)
    progress.stop()
    lines = stream.getvalue().splitlines()
    assert lines[1].startswith("9/20 trials ended")
    assert "trials/min" not in lines[1]
    assert [line.split("]")[0] for line in lines if line.startswith("[")] == ["[10/20"]
    assert "; 1 trials/min" in lines[-1]


def test_a_broken_stream_and_a_poor_encoding_do_not_stop_the_search() -> None:
    closed = io.StringIO()
    run = typical_run()
    progress = Progress(run.study, RUN_DIR, stream=closed)
    progress.start(History())
    closed.close()
    progress.update(run.history)
    progress.stop()
    ascii_stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    run.fail(10, "größer als erlaubt")
    progress = Progress(run.study, RUN_DIR, stream=ascii_stream)
    progress.start(History())
    progress.update(run.history)
    progress.stop()
    ascii_stream.seek(0)
    assert "gr??er als erlaubt" in ascii_stream.read()


def test_a_terminal_gets_a_live_table() -> None:
    master, slave = pty.openpty()
    seen = bytearray()

    def read() -> None:
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:
                return
            if not chunk:
                return
            seen.extend(chunk)

    reader = threading.Thread(target=read)
    reader.start()
    run = typical_run()
    with os.fdopen(slave, "w", encoding="utf-8") as stream:
        progress = Progress(run.study, RUN_DIR, stream=stream)
        progress.start(History())
        progress.update(run.history)
        progress.stop()
    reader.join()
    os.close(master)
    text = seen.decode()
    for said in (
        "9/12",
        "4 complete",
        "best probe/accuracy 0.95 (trial 0001)",
        "Pareto front: 2",
        "0009",
        "1/3",
    ):
        assert said in text
    assert "trial 0008 failed: timeout after 600 s" in text
    hidden, shown = text.rfind("\x1b[?25l"), text.rfind("\x1b[?25h")
    assert -1 < hidden < shown


def test_the_front_followed_event_by_event_is_the_front_of_the_whole() -> None:
    run = random_run(120, seed=5)
    tracker = ProgressTracker(run.study)
    tracker.start(History(), 0.0)
    for _, history in replayed(run):
        tracker.update(history)
    whole = pareto_front(run.study, run.history.trials.values())
    assert [trial.number for trial in tracker.front] == [trial.number for trial in whole]
    assert tracker.ended["COMPLETE"] == len(run.history.in_state("COMPLETE"))
    assert tracker.finished == 120
    assert not tracker.running


def tally_of(run: Run) -> ProgressTracker:
    tracker = ProgressTracker(run.study)
    tracker.start(History(), 0.0)
    tracker.update(run.history)
    return tracker


def test_no_estimate_before_five_trials_ended() -> None:
    run = Run(make_study(trials=20))
    for trial in range(4):
        run.complete(trial, 0.9, 0.5)
    assert tally_of(run).remaining_seconds(40.0) is None
    run.complete(4, 0.9, 0.5)
    assert tally_of(run).remaining_seconds(50.0) is not None


def test_equal_trials_are_extrapolated_exactly() -> None:
    run = Run(make_study(trials=20))
    for trial in range(5):
        run.complete(trial, 0.9, 0.5)
    low, high = tally_of(run).remaining_seconds(50.0) or (0.0, 0.0)
    assert low < 150.0 < high
    assert high - low < 40.0
    assert time_left(tally_of(run), 50.0) == "about 2 to 3 min left"


def test_the_estimate_weighs_trials_by_their_work() -> None:
    """Nine trials stopped at 1/9 of a training are one training's work, whatever their number."""
    run = Run(make_study(trials=20))
    for trial in range(5):
        run.prune(trial, 0.6, 0.9, at=1)
    run.complete(5, 0.9, 0.5)
    tracker = tally_of(run)
    done = 1 + 5 / 9
    assert sum(tracker.work(trial) for trial in run.history.trials.values()) == pytest.approx(done)
    before = tracker.remaining_seconds(14.0) or (0.0, 0.0)
    run.suggest(6)
    run.rung(6, 2, 0.8, 0.6)
    after = tally_of(run).remaining_seconds(14.0) or (0.0, 0.0)
    # A third of a training more was done in the same time, and need not be done again.
    assert sum(after) < sum(before)


def test_failures_alone_promise_nothing() -> None:
    run = Run(make_study(trials=20))
    for trial in range(6):
        run.fail(trial, "boom")
    assert tally_of(run).remaining_seconds(10.0) is None

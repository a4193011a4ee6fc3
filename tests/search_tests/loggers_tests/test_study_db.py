"""study.db read back with Optuna itself and compared with the ledger's history."""

from __future__ import annotations

import resource
import signal
from dataclasses import replace
from pathlib import Path
from typing import cast

import optuna
import pytest
from sqlalchemy import create_engine, inspect

from search.errors import DiskError
from search.ledger.events import End, EndState, Event, Result, Suggest
from search.ledger.history import History, fold
from search.loggers.study_db import StudyDbLogger
from search.scheduling.live_study import LiveStudy
from search.scheduling.optuna_study import OptunaStudy
from search.study.study import Study
from tests.search_tests.histories import make_study
from tests.search_tests.scheduling_tests.test_optuna_study import play


def history_of(study: Study, n_trials: int) -> tuple[History, list[Event]]:
    """A history with every fate, and the events that made it."""
    proposals, _ = play(study, n_trials)
    events: list[Event] = []
    for number, params in enumerate(proposals):
        metrics = {
            "probe/accuracy": 0.9 - number / 100,
            "attribution/junk": 0.5,
            "sae/dead_fraction": 0.05 * (number % 4),
        }
        events.append(Suggest(1.0, number, params, "sampler"))
        events.append(Result(2.0, number, 2, 1, metrics))
        state = ("COMPLETE", "PRUNED", "FAIL", "RUNNING")[number % 4]
        if state != "RUNNING":
            values = tuple(metrics[o.metric] for o in study.objectives) if state == "COMPLETE" else None
            reason = "diverged: x" if state == "FAIL" else None
            events.append(End(3.0, number, cast(EndState, state), reason, values))
    return fold(events), events


def compare(path: Path, study: Study, history: History) -> None:
    """Every trial of the file says what the history says."""
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    loaded = optuna.load_study(study_name=study.name, storage=storage)
    trials = loaded.get_trials()
    storage.remove_session()
    storage.engine.dispose()
    assert [t.number for t in trials] == sorted(history.trials)
    for trial in trials:
        record = history.trials[trial.number]
        assert trial.state.name == record.state
        assert trial.params == record.params
        assert trial.user_attrs.get("reason") == record.reason
        if record.state == "COMPLETE":
            assert tuple(trial.values) == record.values
        if record.state != "RUNNING":
            assert trial.user_attrs["rung 1"] == dict(record.rungs[1].metrics)
            assert trial.constraints == {
                "sae/dead_fraction": max(0.0, record.metrics["sae/dead_fraction"] - 0.1)
            }
            if len(study.objectives) == 1:
                assert trial.intermediate_values == {1: record.metrics["probe/accuracy"]}


@pytest.mark.parametrize("objectives", [1, 2])
def test_followed_event_by_event(tmp_path: Path, objectives: int) -> None:
    study = make_study(objectives=objectives)
    final, events = history_of(study, 12)
    history = History()
    mirror = StudyDbLogger(study, tmp_path / "study.db", history)
    for event in events:
        history.apply(event)
        mirror.on_events([event], history)
    mirror.close()
    compare(tmp_path / "study.db", study, final)


@pytest.mark.parametrize("objectives", [1, 2])
def test_made_at_once_it_is_what_optuna_makes_of_one_trial_after_the_other(
    tmp_path: Path, objectives: int
) -> None:
    study = make_study(objectives=objectives)
    history, _ = history_of(study, 12)
    at_once, in_turn = (OptunaStudy.in_file(study, tmp_path / name) for name in ("at_once.db", "in_turn.db"))
    at_once.fill(history)
    for record in history.trials.values():
        in_turn.begin(record)
        if record.state != "RUNNING":
            in_turn.finish(record)
    assert {record.state for record in history.trials.values()} == {"RUNNING", "COMPLETE", "PRUNED", "FAIL"}
    assert at_once.contents() == in_turn.contents()
    assert _rows(at_once) == _rows(in_turn)
    at_once.begin(replace(history.trials[0], number=12))  # Optuna goes on with it
    assert len(at_once.contents()) == 13
    for book in (at_once, in_turn):
        book.close()


def _rows(book: OptunaStudy) -> dict[str, list[tuple[object, ...]]]:
    """Every table as it is, but for times and running numbers."""
    storage = book.optuna_study._storage
    passed = ("datetime_start", "datetime_complete")
    with storage._backend.engine.connect() as connection:  # type: ignore[attr-defined]
        return {
            name: sorted(
                (
                    tuple(v for k, v in row.items() if k == "trial_id" or not k.endswith(("_id", *passed)))
                    for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"').mappings()
                ),
                key=repr,
            )
            for name in inspect(connection).get_table_names()
        }


@pytest.mark.parametrize("damage", ["missing", "zeroed", "garbage", "stale"])
def test_made_anew_from_the_ledger(tmp_path: Path, damage: str) -> None:
    study, path = make_study(), tmp_path / "study.db"
    history, _ = history_of(study, 8)
    if damage == "stale":
        fewer, _ = history_of(study, 3)
        StudyDbLogger(study, path, fewer).close()
    elif damage != "missing":
        StudyDbLogger(study, path, history).close()
        path.write_bytes(b"" if damage == "zeroed" else b"not a database" * 1000)
    StudyDbLogger(study, path, history).close()
    compare(path, study, history)


def test_a_true_mirror_is_kept_as_it_is(tmp_path: Path) -> None:
    study, path = make_study(), tmp_path / "study.db"
    history, _ = history_of(study, 4)
    StudyDbLogger(study, path, history).close()
    inode = path.stat().st_ino
    StudyDbLogger(study, path, history).close()
    assert path.stat().st_ino == inode


def test_a_mirror_that_breaks_does_not_stop_the_search(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    study, path = make_study(), tmp_path / "study.db"
    history, events = history_of(study, 4)
    mirror = StudyDbLogger(study, path, History())
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE trials")
    engine.dispose()
    for event in events:
        mirror.on_events([event], history)
    mirror.close()
    assert "mirroring stopped" in caplog.text
    StudyDbLogger(study, path, history).close()
    compare(path, study, history)


def test_failures_teach_the_live_study_but_are_failures_in_the_mirror(tmp_path: Path) -> None:
    study = make_study(objectives=1)
    history, _ = history_of(study, 3)
    live = LiveStudy(study)
    mirror = OptunaStudy.in_file(study, tmp_path / "study.db")
    for record in history.trials.values():
        for book in (live, mirror):
            book.begin(record)
            book.finish(record)
    assert live.optuna_study.trials[2].state.name == "PRUNED"
    assert mirror.optuna_study.trials[2].state.name == "FAIL"
    mirror.close()


ALTERATIONS = {
    "a value": "UPDATE trial_values SET value = value + 0.001 WHERE trial_value_id = 1",
    "a parameter": "UPDATE trial_params SET param_value = param_value + 1 WHERE param_name = 'sae.width'",
    "a rung": "UPDATE trial_intermediate_values SET intermediate_value = 0.123",
    "a reason": "UPDATE trial_user_attributes SET value_json = '\"another\"' WHERE \"key\" = 'reason'",
    "a bound": "UPDATE trial_system_attributes SET value_json = '{\"sae/dead_fraction\": 9}'"
    " WHERE \"key\" LIKE '%constraint%'",
}


@pytest.mark.parametrize("what", ALTERATIONS)
def test_what_was_altered_in_the_file_is_noticed_and_made_anew(tmp_path: Path, what: str) -> None:
    study, path = make_study(objectives=1), tmp_path / "study.db"
    history, _ = history_of(study, 12)
    StudyDbLogger(study, path, history).close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        assert connection.exec_driver_sql(ALTERATIONS[what]).rowcount >= 1
    engine.dispose()
    StudyDbLogger(study, path, history).close()
    compare(path, study, history)


def test_a_full_disk_at_the_creation_is_a_disk_error(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk."""
    study, path = make_study(), tmp_path / "study.db"
    previous = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, previous[1]))
    try:
        with pytest.raises(DiskError, match=r"study\.db: cannot be made from the ledger"):
            StudyDbLogger(study, path, History())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, previous)
        signal.signal(signal.SIGXFSZ, handler)
    StudyDbLogger(study, path, History()).close()

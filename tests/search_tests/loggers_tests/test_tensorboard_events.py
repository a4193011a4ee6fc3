"""The event files say what the history says, to TensorBoard's own readers."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.hparams import api_pb2

from search.ledger.history import fold
from search.loggers.tensorboard_events import TensorBoardLogger, regenerate
from search.loggers.tensorboard_hparams import RUNG_TAG
from tests.search_tests.histories import (
    PARAMETERS,
    Run,
    make_params,
    make_study,
    replayed,
    typical_run,
)

with warnings.catch_warnings():
    # TensorBoard's vendored html5lib warns of itself when a plugin is imported.
    warnings.filterwarnings("ignore", "html5lib's sanitizer is deprecated", DeprecationWarning)
    from tensorboard.plugins.hparams.backend_context import Context
    from tensorboard.plugins.hparams.get_experiment import Handler as GetExperiment
    from tensorboard.plugins.hparams.list_session_groups import Handler as ListSessionGroups


def write(run: Run, run_dir: Path) -> None:
    board = TensorBoardLogger(run_dir, run.study)
    for event, history in replayed(run):
        board.apply(event, history)
    board.close()


def scalars(folder: Path) -> dict[str, list[tuple[int, Any]]]:
    reader = EventAccumulator(str(folder))
    reader.Reload()
    return {
        tag: [(e.step, pytest.approx(e.value)) for e in reader.Scalars(tag)]
        for tag in reader.Tags()["scalars"]
    }


class Hparams:
    """What TensorBoard's own backend answers to its HPARAMS tab."""

    def __init__(self, logdir: Path) -> None:
        multiplexer = EventMultiplexer()
        multiplexer.AddRunsFromDirectory(str(logdir))
        multiplexer.Reload()
        provider = MultiplexerDataProvider(multiplexer, str(logdir))
        self._backend = Context(
            TBContext(logdir=str(logdir), multiplexer=multiplexer, data_provider=provider)
        )

    def experiment(self) -> Any:
        request = api_pb2.GetExperimentRequest()
        return GetExperiment(RequestContext(), self._backend, "", request).run()

    def sessions(self) -> dict[str, Any]:
        request = api_pb2.ListSessionGroupsRequest(
            start_index=0, slice_size=1000, aggregation_type=api_pb2.AGGREGATION_AVG
        )
        request.allowed_statuses.extend(
            [api_pb2.STATUS_UNKNOWN, api_pb2.STATUS_SUCCESS, api_pb2.STATUS_FAILURE, api_pb2.STATUS_RUNNING]
        )
        groups = ListSessionGroups(RequestContext(), self._backend, "", request).run().session_groups
        return {group.name: group for group in groups}


def test_scalars_of_a_trial_are_its_reports(tmp_path: Path) -> None:
    run = typical_run()
    write(run, tmp_path)
    found = scalars(tmp_path / "trials" / "0009")
    assert found["classifier/accuracy"] == [(1, 0.71), (2, 0.87)]
    assert found["classifier/ce"] == [(1, 0.9)]
    assert found["probe/accuracy"] == [(2, 0.85)]
    assert found[RUNG_TAG] == [(2, 1.0)]
    complete = scalars(tmp_path / "trials" / "0001")
    assert [step for step, _ in complete["attribution/junk"]] == [2, 6, 18]
    assert complete["attribution/junk"][-1] == (18, 0.80)


def test_hparams_columns_are_the_union_of_all_parameters(tmp_path: Path) -> None:
    write(typical_run(), tmp_path)
    experiment = Hparams(tmp_path / "trials").experiment()
    infos = {info.name: info for info in experiment.hparam_infos}
    assert set(infos) == {parameter.path for parameter in PARAMETERS}
    assert list(infos["classifier.hidden_size"].domain_discrete) == [32, 64, 128]
    assert list(infos["basis.kind"].domain_discrete) == ["raw", "pca"]
    assert infos["sae.l1"].domain_interval.max_value == 10.0
    # A penalty that is switched off is 0, which must not fall out of the column's range.
    assert infos["auxiliary.junk_penalty"].domain_interval.min_value == 0.0
    tags = [info.name.tag for info in experiment.metric_infos]
    assert tags == ["probe/accuracy", "attribution/junk", "sae/dead_fraction", RUNG_TAG]


def test_hparams_rows_hold_values_metrics_and_status(tmp_path: Path) -> None:
    write(typical_run(), tmp_path)
    sessions = Hparams(tmp_path / "trials").sessions()
    assert sorted(sessions) == [f"{n:04d}" for n in range(10)]
    pca, relu = sessions["0001"].hparams, sessions["0002"].hparams
    assert pca["basis.components"].number_value == 16
    assert "basis.components" not in relu
    assert "auxiliary.junk_penalty?" not in relu
    assert relu["auxiliary.junk_penalty"].number_value == 0.0
    assert pca["auxiliary.junk_penalty"].number_value == 0.5
    metrics = {value.name.tag: value.value for value in sessions["0001"].metric_values}
    assert metrics["probe/accuracy"] == pytest.approx(0.95)
    assert metrics[RUNG_TAG] == 3
    status = {name: group.sessions[0].status for name, group in sessions.items()}
    assert [status[name] for name in ("0000", "0004", "0006")] == [
        api_pb2.STATUS_SUCCESS,
        api_pb2.STATUS_SUCCESS,
        api_pb2.STATUS_FAILURE,
    ]
    assert status["0009"] == api_pb2.STATUS_UNKNOWN


def test_a_resume_tells_nothing_twice(tmp_path: Path) -> None:
    run = typical_run()
    write(run, tmp_path)
    history = fold(run.events)
    regenerate(tmp_path, run.study, history)
    board = TensorBoardLogger(tmp_path, run.study)
    for event in (run.rung(9, 2, 0.9, 0.8), run.rung(9, 3, 0.92, 0.7), run.end(9, "COMPLETE")):
        history.apply(event)
        board.apply(event, history)
        board.apply(event, history)
    board.close()
    found = scalars(tmp_path / "trials" / "0009")
    assert found["probe/accuracy"] == [(2, 0.85), (6, 0.9), (18, 0.92)]
    assert Hparams(tmp_path / "trials").sessions()["0009"].sessions[0].status == api_pb2.STATUS_SUCCESS


def test_a_regenerated_folder_tells_the_same(tmp_path: Path) -> None:
    run = typical_run()
    write(run, tmp_path / "live")
    regenerate(tmp_path / "again", run.study, run.history)
    for trial in run.history.trials.values():
        live, again = (tmp_path / name / "trials" / trial.folder for name in ("live", "again"))
        assert scalars(live) == scalars(again)
    assert Hparams(tmp_path / "live/trials").sessions() == Hparams(tmp_path / "again/trials").sessions()


def event_file(folder: Path) -> Path:
    (path,) = folder.glob("events*")
    return path


def test_a_resume_leaves_in_place_what_a_watching_tensorboard_has_read(tmp_path: Path) -> None:
    run = typical_run()
    write(run, tmp_path)
    path = event_file(tmp_path / "trials" / "0009")
    before, inode = path.read_bytes(), path.stat().st_ino
    regenerate(tmp_path, run.study, run.history)
    assert path.read_bytes() == before
    board = TensorBoardLogger(tmp_path, run.study)
    board.apply(run.rung(9, 2, 0.9, 0.8), run.history)
    board.close()
    assert event_file(path.parent).stat().st_ino == inode
    assert path.read_bytes().startswith(before)
    assert len(path.read_bytes()) > len(before)


@pytest.mark.parametrize("kept", [0, 5, -7])
def test_a_file_torn_anywhere_is_completed(tmp_path: Path, kept: int) -> None:
    run = typical_run()
    write(run, tmp_path)
    path = event_file(tmp_path / "trials" / "0001")
    whole = path.read_bytes()
    path.write_bytes(whole[:kept])
    regenerate(tmp_path, run.study, run.history)
    assert path.read_bytes() == whole


def test_a_file_that_tells_something_else_is_replaced(tmp_path: Path) -> None:
    run = typical_run()
    write(run, tmp_path)
    folder = tmp_path / "trials" / "0001"
    whole = event_file(folder).read_bytes()
    event_file(folder).write_bytes(whole + whole[-50:])
    (folder / "events.out.tfevents.1.elsewhere").write_bytes(whole)
    regenerate(tmp_path, run.study, run.history)
    assert event_file(folder).read_bytes() == whole


def test_a_rung_at_the_epoch_of_a_report_is_one_point(tmp_path: Path) -> None:
    run = Run(make_study())
    run.suggest(0)
    run.result(0, 2, None, classifier__accuracy=0.8)
    run.result(0, 2, 1, classifier__accuracy=0.8, sae__fvu=0.4)
    write(run, tmp_path)
    found = scalars(tmp_path / "trials" / "0000")
    assert found["classifier/accuracy"] == [(2, 0.8)]
    assert found["sae/fvu"] == [(2, 0.4)]


def test_a_running_trial_is_on_disk_within_seconds_and_an_ended_one_at_once(tmp_path: Path) -> None:
    now = [0.0]
    run = Run(make_study())
    board = TensorBoardLogger(tmp_path, run.study, clock=lambda: now[0])
    folder = tmp_path / "trials" / "0000"
    for event in (run.suggest(0), run.rung(0, 1, 0.8, 0.9)):
        board.apply(event, run.history)
    now[0] += 2.5
    board.apply(run.rung(0, 2, 0.85, 0.8), run.history)
    assert [step for step, _ in scalars(folder)["probe/accuracy"]] == [2, 6]
    board.apply(run.rung(0, 3, 0.9, 0.7), run.history)
    board.apply(run.end(0, "COMPLETE"), run.history)
    assert [step for step, _ in scalars(folder)["probe/accuracy"]] == [2, 6, 18]


def test_a_trial_without_any_result_and_a_single_objective(tmp_path: Path) -> None:
    run = Run(make_study(objectives=1, constrained=False))
    run.fail(0, "worker died")
    run.suggest(1, make_params(sae="relu"))
    write(run, tmp_path)
    backend = Hparams(tmp_path / "trials")
    assert [info.name.tag for info in backend.experiment().metric_infos] == ["probe/accuracy", RUNG_TAG]
    assert backend.sessions()["0000"].sessions[0].status == api_pb2.STATUS_FAILURE


def test_neither_tensorflow_nor_torch_is_loaded_and_nothing_warns() -> None:
    program = (
        "import sys, search.loggers.tensorboard_events; "
        "print({'torch', 'tensorflow', 'ray'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
    assert done.stderr == ""

"""What run.json says of the beginning and the end, also where there was nothing to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from search.errors import Interrupted, TooManyFailures
from search.run_dir.run_directory import RunDirectory
from search.run_dir.run_info import noting_the_end
from tests.search_tests.histories import make_study


def noted(directory: RunDirectory) -> dict[str, object]:
    return dict(json.loads((directory.path / "run.json").read_text()))


def test_a_done_run_keeps_its_command_and_end_where_nothing_is_owed(tmp_path: Path) -> None:
    directory, study = RunDirectory(tmp_path), make_study()
    with noting_the_end(study, directory, 3, "go on"):
        assert noted(directory)["status"] == "running"
    directory.write_info(command=["as", "it", "was"])
    before = noted(directory)
    assert (before["status"], before["exit_code"]) == ("done", 0)
    with noting_the_end(study, directory, 3, "go on", is_owed=False):
        assert noted(directory) == before
    assert noted(directory) == before
    with noting_the_end(study, directory, 4, "go on"):
        assert noted(directory)["ended"] is None
    assert noted(directory)["command"] != before["command"]


def test_a_run_that_was_broken_off_after_its_last_trial_gets_its_end(tmp_path: Path) -> None:
    directory, study = RunDirectory(tmp_path), make_study()
    with pytest.raises(TooManyFailures), noting_the_end(study, directory, 3, "go on"):
        raise TooManyFailures("11 trials failed")
    assert noted(directory)["status"] == "failed"
    with noting_the_end(study, directory, 3, "go on", is_owed=False):
        pass
    assert noted(directory)["status"] == "done"


def test_ctrl_c_before_the_search_listens_is_an_interruption_with_the_resume_command(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    with (
        pytest.raises(Interrupted) as error,
        noting_the_end(make_study(), directory, 3, "go on with: --resume"),
    ):
        raise KeyboardInterrupt
    assert error.value.exit_code == 130
    assert error.value.__notes__ == ["go on with: --resume"]
    assert (noted(directory)["status"], noted(directory)["exit_code"]) == ("interrupted", 130)

"""The images of a run that moved to another machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.reading.run_data import load_run_data
from search.ledger.events import Session
from search.ledger.history import History
from search.run_dir.inputs import DataMissing
from search.study.sections import DataSource
from tests.search_tests.histories import make_study
from trainables.data.dataset import load_dataset
from trainables.data.location import ENVIRONMENT_VARIABLE


def test_a_folder_that_is_gone_gives_way_to_the_one_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    moved = replace(make_study(), data=DataSource(name="mnist", root=str(tmp_path / "gone")))
    stayed = replace(make_study(), data=DataSource(name="mnist", root=str(here)))
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / "named"))
    with pytest.raises(DataMissing, match="named/MNIST"):
        load_run_data(moved, History())
    with pytest.raises(DataMissing, match="here/MNIST"):
        load_run_data(stayed, History())
    monkeypatch.delenv(ENVIRONMENT_VARIABLE)
    with pytest.raises(DataMissing, match="gone/MNIST"):
        load_run_data(moved, History())


def test_images_with_another_digest_are_refused() -> None:
    history = History(sessions=[Session(1.0, 1, data=load_dataset("digits", limit=100).key)])
    study = replace(make_study(), data=DataSource(name="digits", limit=100))
    assert len(load_run_data(study, history).train) == 100
    with pytest.raises(DataMissing, match="not those that this run began with"):
        load_run_data(replace(study, data=DataSource(name="digits", limit=99)), history)

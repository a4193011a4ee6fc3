"""The space of a run: sealed, found again with its images, never taken when edited."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from search.errors import RunDirectoryError, SpaceError
from search.ledger.events import Session
from search.ledger.history import History
from search.run_dir.inputs import load_data
from search.run_dir.own_space import own_study, refuse_lost_ledger, refuse_retired
from search.run_dir.run_directory import RunDirectory
from search.space.loader import load_study, load_text
from search.space.writer import describe_difference, resolved_text, seal_of
from search.study.study import Study
from tests.search_tests.histories import make_study
from trainables.data.location import ENVIRONMENT_VARIABLE

TINY = Path(__file__).parents[1] / "spaces" / "tiny.yaml"
SPACE = """\
name: own
question: Whose images?
data: {name: npz, path: images/mine.npz}
objectives: [{metric: probe/accuracy, mode: max}]
trial: {sae: {kind: topk, width: {log_int: [16, 64]}, k: 4}}
"""


def kept(folder: Path, study: Study) -> RunDirectory:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "space.resolved.yaml").write_text(resolved_text(study), encoding="utf-8")
    return RunDirectory(folder)


def history(study: Study) -> History:
    return History(sessions=[Session(1.0, 3, space=seal_of(resolved_text(study)))])


def images(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    np.savez(path, images=rng.random((60, 8, 8), np.float32), labels=np.arange(60) % 3)
    return path


def test_a_space_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    study = load_study(TINY).study
    assert own_study(kept(tmp_path, study), history(study)) == study


@pytest.mark.parametrize(
    ("old", "new"), [("log_int: [64, 512]", "log_int: [64, 513]"), ("\n", "\r\n"), ("max", "max ")]
)
def test_an_edited_space_is_refused(tmp_path: Path, old: str, new: str) -> None:
    study = make_study()
    directory = kept(tmp_path, study)
    text = directory.resolved_space.read_bytes().decode()
    assert old in text
    directory.resolved_space.write_bytes(text.replace(old, new).encode())
    with pytest.raises(RunDirectoryError, match="was edited after the run began"):
        own_study(directory, history(study))


def test_a_space_without_its_seal_is_taken_of_old_runs_only(tmp_path: Path) -> None:
    study = make_study()
    directory = kept(tmp_path, study)
    body = "".join(line for line in resolved_text(study).splitlines(keepends=True) if line[0] != "#")
    directory.resolved_space.write_text(body)
    assert own_study(directory, History(sessions=[Session(1.0, 3)])).name == study.name
    with pytest.raises(RunDirectoryError, match="was edited"):
        own_study(directory, history(study))


def test_a_relative_path_is_meant_from_the_space_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = images(tmp_path / "project" / "images" / "mine.npz")
    space = tmp_path / "project" / "own.yaml"
    space.write_text(SPACE)
    (tmp_path / "elsewhere").mkdir()
    for folder in (tmp_path, tmp_path / "elsewhere"):
        monkeypatch.chdir(folder)
        assert load_study(space).study.data.path == str(path)
    assert load_study(space, ["data.path=x/other.npz"]).study.data.path == str(
        tmp_path / "elsewhere/x/other.npz"
    )
    assert load_study(space, ["data.path=~/o.npz"]).study.data.path == str(Path.home() / "o.npz")


def test_the_same_images_elsewhere_are_no_other_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images(tmp_path / "a" / "images" / "mine.npz")
    (tmp_path / "a" / "own.yaml").write_text(SPACE)
    study = load_study(tmp_path / "a" / "own.yaml").study
    key = load_data(study.data).key
    directory = kept(tmp_path / "run", study)
    (tmp_path / "a").rename(tmp_path / "b")
    moved = load_study(tmp_path / "b" / "own.yaml").study
    assert describe_difference(study, moved) == []
    assert load_data(moved.data).key == key
    at = f"data.path={tmp_path / 'b' / 'images' / 'mine.npz'}"
    assert load_data(own_study(directory, history(study), [at]).data).key == key
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / "b" / "images"))
    assert load_data(own_study(directory, history(study)).data).key == key


def test_a_run_that_judged_by_what_is_retired_is_read_but_not_gone_on_with(tmp_path: Path) -> None:
    study = make_study()
    refuse_retired(study)
    text = (
        resolved_text(study)
        .replace("attribution/junk, mode: min", "interpretability/score, mode: max")
        .replace("budget:", "score:\n  parts: [junk, purity]\nbudget:", 1)
    )
    old = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("# sha256"))
    directory = RunDirectory(tmp_path)
    directory.resolved_space.write_text(old, encoding="utf-8")
    found = own_study(directory, History(sessions=[Session(1.0, 3)]))
    assert "interpretability/score" in {objective.metric for objective in found.objectives}
    with pytest.raises(SpaceError, match=r"judges by interpretability/score.*latents/readable"):
        refuse_retired(found)
    with pytest.raises(SpaceError, match="is measured no more"):
        load_text(old.replace("# Resolved: ", "# "), "new.yaml")


def test_trials_without_a_ledger_are_refused(tmp_path: Path) -> None:
    study = load_study(TINY).study
    directory = kept(tmp_path, study)
    (directory.trials / "logs").mkdir(parents=True)
    refuse_lost_ledger(directory, History())  # killed before the first trial
    (directory.trials / "0000").mkdir()
    refuse_lost_ledger(directory, history(study))
    with pytest.raises(RunDirectoryError, match=r"trials\.jsonl tells nothing, but there are trials"):
        refuse_lost_ledger(directory, History())

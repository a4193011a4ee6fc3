"""Loading runs: finished, unfinished, damaged, moved, forged; what a notebook gets from them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from analysis import load
from analysis.load import Run, find_runs, load_run
from search.errors import NoTrialCompleted, RunDirectoryError, SpaceError
from search.ledger.ledger import encode
from search.ranking.leaderboard import leaderboard
from search.run_dir.inputs import DataMissing
from tests.analysis_tests.runs import copied, tiny_study
from trainables.data.dataset import load_dataset


def test_a_finished_run(real_run: Path) -> None:
    run = load_run(str(real_run))
    assert run.study == tiny_study()
    assert run.damage == ()
    assert run.info["status"] == "done"
    assert list(run.history.trials) == [0, 1, 2, 3, 4]
    assert run.confirmation is None
    expected = leaderboard(run.study, run.history, 10)
    assert run.ranked() == expected.ranked
    assert run.front() == expected.front
    assert run.best_trial() is run.ranked()[0]
    assert (run.name, repr(run)) == (real_run.name, f"Run({str(real_run)!r}, 5 trials)")


def test_the_model_is_the_one_that_was_measured(real_run: Path) -> None:
    run = load_run(real_run)
    data = run.data()
    for record in run.ranked():
        model = run.model(record.number)
        codes = model(data.val.images)
        assert codes.shape == (len(data.val), model.config.sae.width)
        assert bool((codes >= 0).all())
        assert not codes.requires_grad
        active = (codes > 0).float().sum(dim=1).mean().item()
        assert active == pytest.approx(record.metrics["sae/l0"], rel=1e-5)
        guesses = model.features.head(model.features.hidden(torch.tensor(data.val.images))).argmax(dim=1)
        accuracy = float(np.mean(guesses.numpy() == data.val.labels))
        assert accuracy == pytest.approx(record.metrics["classifier/accuracy"])
        assert model.config == run.study.trial_config(record.params)  # type: ignore[union-attr]


def test_images_of_another_shape_are_refused_with_what_is_right(real_run: Path) -> None:
    model = load_run(real_run).model(0)
    with pytest.raises(ValueError, match=r"must be \(b, 8, 8\), got \(8, 8\); one alone is images\[:1\]"):
        model(torch.zeros(8, 8))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (3, "trial 3 was stopped early: only a trial that was trained in full has a model"),
        (4, r"trial 4 failed \(diverged: non-finite loss\): only"),
        (9, "has no trial 9; it has 5"),
    ],
)
def test_a_trial_without_a_model_says_why(real_run: Path, number: int, text: str) -> None:
    with pytest.raises(SpaceError, match=text):
        load_run(real_run).model(number)


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda folder: shutil.rmtree(folder), "has no checkpoint"),
        (lambda folder: shutil.rmtree(folder / "checkpoint"), "has no checkpoint"),
        (lambda folder: [shutil.rmtree(p) for p in folder.glob("checkpoint/*")], "no checkpoint .* is whole"),
        (lambda folder: shutil.rmtree(folder / "checkpoint" / "e000004-r2"), "is not the one that"),
    ],
)
def test_a_lost_checkpoint_is_told(
    real_run: Path, tmp_path: Path, damage: Callable[[Path], object], text: str
) -> None:
    run = copied(real_run, tmp_path)
    damage(run / "trials" / "0001")
    with pytest.raises(RunDirectoryError, match=text):
        load_run(run).model(1)
    assert load_run(run).model(0).number == 0


def test_a_flipped_byte_of_a_checkpoint_is_noticed(
    real_run: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = copied(real_run, tmp_path)
    file = run / "trials" / "0001" / "checkpoint" / "e000004-r2" / "tensors.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(RunDirectoryError, match="its last checkpoint is damaged or missing"):
        load_run(run).model(1)
    assert "skipping a damaged checkpoint" in caplog.text


def test_a_moved_run_is_the_same(real_run: Path, tmp_path: Path) -> None:
    moved = load_run(copied(real_run, tmp_path / "an other place"))
    assert moved.trials().equals(load_run(real_run).trials())
    assert moved.best().number == load_run(real_run).best_trial().number


def test_reading_changes_nothing(real_run: Path, tmp_path: Path) -> None:
    path = copied(real_run, tmp_path)

    def state() -> dict[Path, tuple[int, int]]:
        return {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in [path, *path.rglob("*")]}

    before = state()
    run = load_run(path)
    run.trials(), run.best(), run.data(), run.confirmation
    assert state() == before


def test_data_is_that_of_the_run_or_refused(real_run: Path, tmp_path: Path) -> None:
    assert load_run(real_run).data().key == load_dataset("digits", limit=200).key
    path = copied(real_run, tmp_path)
    space = path / "space.resolved.yaml"
    space.write_text(space.read_text(encoding="utf-8").replace("limit: 200", "limit: 150"), encoding="utf-8")
    with pytest.raises(DataMissing, match="not those that this run began with") as refused:
        load_run(path).data()
    assert refused.value.exit_code == 7


@pytest.mark.parametrize("lost", ["run.json", "space.resolved.yaml", "trials.jsonl", "study.db", "trials"])
def test_a_run_that_lost_a_part_is_read_without_it(real_run: Path, tmp_path: Path, lost: str) -> None:
    path = copied(real_run, tmp_path)
    if lost == "trials":
        shutil.rmtree(path / lost)
    else:
        (path / lost).unlink(missing_ok=True)
    run = load_run(path)
    told = [sentence for sentence in run.damage if sentence.startswith(lost)]
    assert len(told) == (lost in ("run.json", "space.resolved.yaml", "trials.jsonl"))
    assert len(run.damage) == len(told)
    assert len(run.trials()) == (0 if lost == "trials.jsonl" else 5)
    assert len(run.ranked()) == (0 if lost in ("trials.jsonl", "space.resolved.yaml") else 3)


def test_without_its_study_a_run_still_has_trials_and_models(real_run: Path, tmp_path: Path) -> None:
    path = copied(real_run, tmp_path)
    (path / "space.resolved.yaml").write_text("name: [", encoding="utf-8")
    run = load_run(path)
    assert run.study is None
    assert "space.resolved.yaml cannot be read" in run.damage[0]
    assert run.trials()["state"].tolist() == ["COMPLETE"] * 3 + ["PRUNED", "FAIL"]
    assert run.model(2).config.basis.kind == "pca"
    for ask in (run.best, run.data):
        with pytest.raises(RunDirectoryError, match=r"space\.resolved\.yaml cannot be read"):
            ask()


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '{"status": NaN}', "[" * 100_000, "\udcff"])
def test_any_run_json(unfinished_run: Path, tmp_path: Path, text: str) -> None:
    path = copied(unfinished_run, tmp_path)
    (path / "run.json").write_text(text, encoding="utf-8", errors="surrogateescape")
    run = load_run(path)
    assert len(run.history.trials) == 10
    assert json.dumps(dict(run.info), allow_nan=False)


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("only_pruned_run", NoTrialCompleted, "none of its 5 trials was trained in full"),
        ("none_completed_run", NoTrialCompleted, "none of its 3 trials was trained in full"),
        ("infeasible_run", NoTrialCompleted, "each of the 4 trained in full breaks a constraint"),
        ("empty_run", NoTrialCompleted, "none of its 0 trials was trained in full"),
    ],
)
def test_no_best_trial(request: pytest.FixtureRequest, name: str, error: type[Exception], text: str) -> None:
    run = load_run(request.getfixturevalue(name))
    assert (run.damage, run.front(), run.ranked()) == ((), [], [])
    with pytest.raises(error, match=text):
        run.best()


@pytest.mark.parametrize("name", ["unfinished_run", "nan_run", "hostile_run"])
def test_other_runs_are_whole(request: pytest.FixtureRequest, name: str) -> None:
    run = load_run(request.getfixturevalue(name))
    assert run.damage == ()
    assert run.best_trial() in run.front()
    assert len(run.trials()) == len(run.history.trials)


def test_trials_and_values_of_another_study_are_left_out(unfinished_run: Path, tmp_path: Path) -> None:
    path = copied(unfinished_run, tmp_path)
    events = [
        {"event": "suggest", "trial": 10, "params": {}, "origin": "sampler", "time": 1.0},
        {"event": "end", "trial": 10, "state": "COMPLETE", "reason": None, "values": [0.5], "time": 2.0},
    ]
    with (path / "trials.jsonl").open("ab") as ledger:
        ledger.write(b"".join(map(encode, events)))
    run = load_run(path)
    assert run.damage == ("trial 0010 is not ranked: its values are not those of the objectives",)
    assert len(run.ranked()) == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("missing", "there is no run {}"),
        ("plain.txt", "{} is not a run directory"),
        ("folder", "{} is not a run directory"),
    ],
)
def test_what_is_no_run_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "plain.txt").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(RunDirectoryError, match=re.escape(text.format(tmp_path / name))):
        load_run(tmp_path / name)


def test_runs_are_found(real_run: Path, unfinished_run: Path, tmp_path: Path) -> None:
    b, a = copied(unfinished_run, tmp_path), copied(real_run, tmp_path)
    shutil.copytree(a, tmp_path / ".unfinished-1-x")
    (tmp_path / "notes").mkdir()
    assert find_runs(tmp_path) == sorted([a, b])
    assert find_runs(tmp_path / "nowhere") == []


def test_a_long_run_is_ranked_like_the_leaderboard(long_run: Path) -> None:
    run = load_run(long_run)
    assert run.damage == ()
    assert run.study is not None
    assert [trial.number for trial in run.ranked()[:10]] == [
        trial.number for trial in leaderboard(run.study, run.history, 10).ranked
    ]
    assert len(run.trials()) == 5000


LIGHT = """
import sys
from analysis.load import load_run
run = load_run(sys.argv[1])
table = run.trials()
assert not {"torch", "ray", "optuna"} & set(sys.modules), set(sys.modules) & {"torch", "ray", "optuna"}
codes = run.best()(run.data().val.images[:8])
assert len(table) == 5 and len(codes) == 8
import analysis.watch.showing
assert "ray" not in sys.modules
"""


def test_ray_is_never_started_and_torch_only_for_models(real_run: Path) -> None:
    subprocess.run([sys.executable, "-c", LIGHT, str(real_run)], check=True)


def example_of_the_docstring() -> str:
    lines = (load.__doc__ or "").splitlines()
    return "\n".join(line.strip() for line in lines if line.startswith("    "))


def example_of_the_readme() -> str:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    return next(block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "load_run" in block)


@pytest.mark.parametrize("source", [example_of_the_docstring, example_of_the_readme])
def test_the_example_for_a_notebook(real_run: Path, source: Callable[[], str]) -> None:
    example, found = re.subn(r'"runs/[^"]*"', repr(str(real_run)), source())
    assert found == 1
    names: dict[str, object] = {}
    exec(example, names)
    assert isinstance(names["run"], Run)
    assert names["z"].shape[0] == 8  # type: ignore[attr-defined]

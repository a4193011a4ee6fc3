from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch

from analysis.export import FORMATS, main
from analysis.export_formats.sae_lens_folder import codes_as_sae_lens
from analysis.export_formats.whole_folder import whole_folder
from analysis.load import load_run
from search.errors import DiskError, ExitCode, RunDirectoryError
from tests.analysis_tests.runs import copied

ROOT = Path(__file__).parents[3]


def test_a_trial_goes_from_its_run_to_a_folder_with_the_same_codes(
    real_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = copied(real_run, tmp_path)
    assert main([str(run), "--trial", "2", "--format", "saelens"]) == ExitCode.DONE
    folder = run / "export" / "0002-saelens"
    said = capsys.readouterr()
    assert said.out.splitlines() == [str(folder / "cfg.json"), str(folder / "sae_weights.safetensors")]
    assert "validation images" in said.err
    assert f"SAE.load_from_disk({str(folder)!r})" in said.err
    config = json.loads((folder / "cfg.json").read_text(encoding="utf-8"))
    told = config["metadata"]["sae_search"]
    loaded = load_run(run)
    assert told["data"]["sha256"] == loaded.data().key
    assert told["config"]["basis"] == {"kind": "pca", "components": 8}
    assert told["train_it_again"] == "python search/run.py --reproduce real-run 2"
    model = loaded.model(2)
    images = torch.tensor(loaded.data().val.images)
    written = safetensors.torch.load_file(folder / "sae_weights.safetensors")
    codes = codes_as_sae_lens(config, written, model.features.hidden(images))
    torch.testing.assert_close(codes, model(images), rtol=1e-5, atol=1e-5)


def test_the_best_trial_is_the_default_and_out_is_the_folder(real_run: Path, tmp_path: Path) -> None:
    assert main([str(real_run), "--format", "safetensors", "--out", str(tmp_path / "a b" / "c")]) == 0
    told = json.loads((tmp_path / "a b" / "c" / "metadata.json").read_text(encoding="utf-8"))
    assert told["trial"] == load_run(real_run).best_trial().number
    assert [path.name for path in (tmp_path / "a b").iterdir()] == ["c"]
    assert not (real_run / "export").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--trial", "3"], ExitCode.USAGE, "trial 3 was stopped early"),
        (["--trial", "4"], ExitCode.USAGE, "trial 4 failed"),
        (["--trial", "99"], ExitCode.USAGE, "has no trial 99"),
    ],
)
def test_what_cannot_be_exported_is_said_in_a_line(
    real_run: Path,
    arguments: list[str],
    code: int,
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    assert main([str(real_run), "--format", "saelens", "--out", str(out), *arguments]) == code
    assert says in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(real_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    for path in (out, out / "thesis.tex"):
        assert main([str(real_run), "--format", "safetensors", "--out", str(path)]) == 6
        assert "exists already" in capsys.readouterr().err
    assert (out / "thesis.tex").read_text() == "years of work"


def test_a_run_without_a_finished_trial_has_nothing_to_export(
    only_pruned_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(only_pruned_run), "--format", "safetensors"]) == ExitCode.NO_TRIAL_COMPLETED
    assert main([str(tmp_path), "--format", "safetensors"]) == ExitCode.RUN_DIRECTORY
    assert capsys.readouterr().out == ""


def test_a_damaged_checkpoint_is_refused(
    real_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = copied(real_run, tmp_path)
    for tensors in (run / "trials" / "0001" / "checkpoint").glob("*/tensors.safetensors"):
        tensors.write_bytes(tensors.read_bytes()[:-9])
    assert main([str(run), "--trial", "1", "--format", "safetensors"]) == ExitCode.RUN_DIRECTORY
    assert "no checkpoint" in capsys.readouterr().err
    assert not (run / "export" / "0001-safetensors").exists()


def test_nan_and_broken_text_in_a_run_leave_the_metadata_strict(real_run: Path, tmp_path: Path) -> None:
    run = copied(real_run, tmp_path)
    run = run.rename(run.with_name(os.fsdecode(b"caf\xe9")))
    info = json.loads((run / "run.json").read_text(encoding="utf-8"))
    info["git"] = {"commit": "\ud800", "dirty": float("nan"), "more": [float("inf"), 1]}
    (run / "run.json").write_text(json.dumps(info), encoding="utf-8")
    assert main([str(run), "--format", "safetensors", "--out", str(tmp_path / "out")]) == 0
    text = (tmp_path / "out" / "metadata.json").read_bytes()
    assert text.isascii()
    told = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert told["made_by"]["run"]["git"]["more"][1] == 1


def test_without_its_images_a_run_is_compared_on_noise(
    real_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = copied(real_run, tmp_path)
    space = run / "space.resolved.yaml"
    space.write_text(space.read_text(encoding="utf-8").replace("limit: 200", "limit: 100"), encoding="utf-8")
    key = load_run(real_run).data().key
    assert main([str(run), "--trial", "0", "--format", "safetensors"]) == 0
    assert "noise images" in capsys.readouterr().err
    told = json.loads((run / "export" / "0000-safetensors" / "metadata.json").read_text(encoding="utf-8"))
    assert told["data"]["sha256"] == key


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder"
    with pytest.raises(ZeroDivisionError), whole_folder(target) as folder:
        (folder / "half").write_text(f"{1 / 0}")
    assert list((tmp_path / "new").iterdir()) == []
    with whole_folder(target) as folder:
        (folder / "a").write_text("a")
    assert [path.name for path in target.iterdir()] == ["a"]
    with pytest.raises(RunDirectoryError, match="exists already"), whole_folder(target):
        pass
    assert [path.name for path in target.iterdir()] == ["a"]


def test_somebody_quicker_keeps_the_name(tmp_path: Path) -> None:
    theirs, target = tmp_path / "theirs", tmp_path / "folder"
    theirs.mkdir()
    (theirs / "a").write_text("theirs")
    with pytest.raises(RunDirectoryError, match="exists already"), whole_folder(target):
        shutil.copytree(theirs, target)
    assert (target / "a").read_text() == "theirs"
    assert {path.name for path in tmp_path.iterdir()} == {"folder", "theirs"}


def test_a_disk_that_refuses_is_exit_8(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DiskError, match="cannot write"), whole_folder(tmp_path / "file" / "folder"):
        pass


def test_the_script_teaches_and_takes_every_format() -> None:
    done = subprocess.run(
        [sys.executable, "analysis/export.py", "--help"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    for name in FORMATS:
        assert f"--format {name}" in done.stdout
    assert done.stderr == ""

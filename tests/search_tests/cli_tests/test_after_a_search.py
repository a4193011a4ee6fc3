"""What a search says when it is over, and what a dry run says instead of one."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from search.cli import next_commands, search_command
from search.cli.dry_run import describe
from search.cli.options import New, Options
from search.errors import ExitCode, SearchError
from search.run_dir.run_directory import open_existing
from search.space.loader import load_study
from tests.analysis_tests import runs
from tests.search_tests.space_texts import HEAD, ROOT


def test_the_report_is_made_and_its_path_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = open_existing(runs.real_run(tmp_path / "real-run"))
    monkeypatch.chdir(tmp_path)
    search_command._make_report(directory)
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == "  real-run/report/index.html"
    assert (tmp_path / "real-run" / "report" / "index.html").is_file()
    assert "making the report" in said.err


def test_a_report_that_cannot_be_made_is_said_and_ends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = open_existing(runs.real_run(tmp_path / "real-run"))
    (directory.path / "report").write_text("in the way")
    search_command._make_report(directory)
    said = capsys.readouterr()
    assert "no report: " in said.err
    assert said.out == ""


def test_what_needs_a_finished_trial_is_suggested_only_where_there_is_one(tmp_path: Path) -> None:
    directory = open_existing(runs.real_run(tmp_path / "real-run"))
    study = load_study(directory.resolved_space).study
    some = next_commands.next_commands(study, directory, any_ranked=True)
    none = next_commands.next_commands(study, directory, any_ranked=False)
    assert [command for _, command in some if "confirm.py" in command or "gallery.py" in command]
    assert not [command for _, command in none if "confirm.py" in command or "gallery.py" in command]


def test_where_every_trial_breaks_a_constraint_no_gallery_of_the_best_is_suggested(
    infeasible: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = open_existing(infeasible)
    search_command._show_result(load_study(directory.resolved_space).study, directory, as_json=False)
    said = capsys.readouterr().out
    assert "tensorboard" in said
    assert "gallery.py" not in said
    assert "confirm.py" not in said


@pytest.fixture
def infeasible(tmp_path: Path) -> Path:
    """A run of which every trial that was trained in full breaks a constraint."""
    return runs.infeasible_run(tmp_path / "infeasible")


@pytest.mark.parametrize(("trials", "is_said"), [(39, False), (40, True)])
def test_that_tensorboard_opens_empty_is_said_where_it_does(
    tmp_path: Path, trials: int, is_said: bool
) -> None:
    (tmp_path / "x.yaml").write_text(HEAD + f"budget: {{trials: {trials}}}\n")
    assert bool(next_commands._unticked(load_study(tmp_path / "x.yaml").study)) == is_said


def test_a_dry_run_ends_as_the_run_would_where_data_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space = tmp_path / "x.yaml"
    space.write_text(HEAD + f"data: {{name: npz, path: {tmp_path}/gone.npz}}\n")
    with pytest.raises(SearchError) as raised:
        search_command.search(New(space), Options(New(space), dry_run=True))
    assert raised.value.exit_code == ExitCode.DATA
    assert "not estimated" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["sae", "directions", "ablation"])
def test_a_dry_run_cuts_no_name_at_80_columns(name: str) -> None:
    study = load_study(ROOT / "spaces" / f"{name}.yaml").study
    console = Console(width=80, color_system=None, file=io.StringIO())
    with console.capture() as captured:
        console.print(describe(study))
    text = captured.get()
    assert "…" not in text
    names = [parameter.path for parameter in study.parameters]
    names += study.rows
    assert len(names) > 3
    assert [name for name in names if name not in text] == []

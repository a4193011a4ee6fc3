"""The quiz in a browser, as a reader has it, and the command on a run whose models were really trained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from analysis import quiz
from analysis.blind_test.command import page
from analysis.blind_test.key import quiz_id, read_answers
from analysis.blind_test.measured import measured
from analysis.blind_test.sources import KINDS, sources
from analysis.load import load_run
from analysis.pages.page import write_page
from search.errors import ExitCode
from tests.analysis_tests.blind_test_tests.planted import asked, keyed
from tests.analysis_tests.browser import OpenPage, assert_accessible, assert_no_sideways_scroll, screenshot


def test_a_reader_answers_by_keyboard_and_saves_a_file(open_page: OpenPage, tmp_path: Path) -> None:
    pairs = [*asked("winner"), *asked("k-means", 1)]
    key = keyed(pairs)
    html = page(pairs, key, seed=0)
    assert not [word for word in ("winner", "k-means", "latent", "right") if f'"{word}' in html]
    write_page(tmp_path / "index.html", html)
    opened = open_page(tmp_path / "index.html", dark=True, width=375)
    assert_accessible(opened)
    assert_no_sideways_scroll(opened)
    screenshot(opened, "quiz")
    steps = json.loads(opened.locator("#questions").text_content())["steps"]
    assert len(steps) == 8
    assert [step["step"] for step in steps[6:]] == ["recall", "recall"]
    expected = {}
    for number, step in enumerate(steps):
        assert opened.locator("#progress").inner_text() == f"Question {number + 1} of 8"
        assert opened.locator("#shown .tile").count() == len(step["shown"])
        if step["step"] == "name":
            opened.keyboard.press("Enter")  # nothing written: stays
            opened.keyboard.type(f"hook of {step['id']}")
            opened.keyboard.press("Enter")
            continue
        if step["step"] == "recall":
            assert f"hook of {step['id']}" in opened.locator("#asked").inner_text()
        if number == 3:
            opened.reload()
            opened.wait_for_selector("html[data-ready]", state="attached")
        expected[step["id"]] = number % 4
        opened.keyboard.press(str(number % 4 + 1))
    assert opened.locator("#end").is_visible()
    opened.fill("#reader", "R. Eader")
    with opened.expect_download() as download:
        opened.click("#save")
    path = tmp_path / download.value.suggested_filename
    assert path.name == f"answers-{quiz_id(key)}-R_Eader.json"
    download.value.save_as(path)
    read = read_answers(path, quiz_id(key), key)
    assert read.reader == "R. Eader"
    assert {name: choice for name, (choice, _) in read.given.items()} == expected
    named = [it.id for it in key if it.kind == "name"]
    assert [read.given[name][1] for name in named] == [f"hook of {name}" for name in named]


def test_sources_are_what_they_are_called(real_run: Path) -> None:
    run = load_run(real_run)
    found = {source.kind: source for source in sources(run, run.data(), "train", seed=0)}
    assert [kind for kind in KINDS if kind in found] == list(found)
    winner = found["winner"].subject
    l0 = float((winner.codes > 0).sum(dim=1).float().mean())
    for kind in ("random dictionary", "k-means", "untrained network"):
        codes = found[kind].subject.codes
        assert codes.shape[1] <= winner.codes.shape[1]
        assert 0.8 * l0 <= float((codes > 0).sum(dim=1).float().mean()) <= 1.05 * l0
    assert not torch.allclose(found["untrained network"].subject.hidden, winner.hidden)
    assert torch.equal(found["k-means"].subject.hidden, winner.hidden)
    latents = (winner.firing >= 10).nonzero()[:4, 0].tolist()
    for row in measured(found["winner"], latents):
        assert list(row) == ["card", "by codes", "purity", "class", "sparsity"]
        assert all(0 <= value <= 1 for value in row.values())
        assert row["card"] <= row["by codes"]


def test_the_command_says_where_things_are_and_what_is_missing(
    real_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quiz.main([str(real_run), "--out", str(tmp_path), "--answers", "nowhere.json"]) == ExitCode.USAGE
    assert "there is no" in capsys.readouterr().err
    code = quiz.main([str(real_run), "--out", str(tmp_path), "--questions", "2"])
    said = capsys.readouterr()
    if code == ExitCode.NO_TRIAL_COMPLETED:
        assert "which a question takes" in said.err
    else:
        assert code == ExitCode.DONE
        assert said.out == f"{tmp_path / 'index.html'}\n"
        assert (tmp_path / "key.json").is_file()

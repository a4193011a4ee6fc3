"""The command: what it refuses, what it writes, that looks are counted; once, from set to word."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from analysis.concept_verdict.command import _look
from analysis.concept_verdict.gates import Gate
from analysis.concept_verdict.page import write_verdict
from analysis.concept_verdict.rule import BESIDE, CONTROLS, NONE, REAL, Rule, Word
from analysis.concept_verdict.shapley import GroupValue
from analysis.concept_verdict.verdict import Screened, concluded
from analysis.concepts import main
from search.run_dir.run_directory import RunDirectory
from tests.analysis_tests.concept_verdict_tests.test_causal import arms

SCREENED = Screened(
    (Gate("G0 hygiene", "2 of 3 concepts", None, {"ends/count": "a label <in> disguise"}),),
    (GroupValue("ends", ("ends/a", "ends/b"), 0.001, -0.002, 0.004, True),),
    None,
)


def test_looks_are_counted_and_the_same_seeds_are_the_same_look(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    assert [_look(directory, n) for n in (5, 5, 10, 5, 20)] == [1, 1, 2, 1, 3]
    assert json.loads((tmp_path / "looks.json").read_text()) == [5, 10, 20]


def test_the_page_says_what_the_document_says(tmp_path: Path) -> None:
    given = arms(8, real=0.2)
    for own in given.values():
        own |= {metric: [0.5] * 8 for metric in BESIDE}
    found = concluded("strokes", SCREENED, given, 1, Rule(), 8)
    written = write_verdict(found, "run", tmp_path, "python analysis/concepts.py strokes", {})
    page, markdown, document = (path.read_text(encoding="utf-8") for path in written)
    told = json.loads(document)
    assert told["verdict"] == found.word == Word.USEFUL
    assert {c["against"] for c in told["causal"]["comparisons"]} == {NONE, *CONTROLS}
    assert set(told["drop"]) == {"ends/count", "ends/a", "ends/b"}
    assert set(told["arms"]) == {NONE, REAL, *CONTROLS}
    for text in (page, markdown):
        assert "USEFUL" in text
        assert "alpha / (look (look + 1))" in text or "alpha / \\(look" in text
    assert "a label &lt;in&gt; disguise" in page


def test_a_gate_that_decides_needs_no_arms() -> None:
    screened = Screened((Gate("G1 decodable", "0 of 5", Word.DECORATIVE),), (), Word.DECORATIVE)
    found = concluded("strokes", screened, None, 1, Rule(), 0)
    assert found.word is Word.DECORATIVE
    assert found.reasons == ("G1 decodable: 0 of 5",)


def test_a_set_or_a_run_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["strokes", "--resume", "runs/x"]):
        with pytest.raises(SystemExit, match="2"):
            main(arguments)
        assert "give a set of concepts, or --resume RUN" in capsys.readouterr().err


def test_a_set_that_is_not_there_is_exit_code_7(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "gone.csv")]) == 7
    said = capsys.readouterr().err
    assert "there is no concept table" in said
    assert said.index("Primary:") < said.index("there is no")


@pytest.mark.slow
def test_noise_is_decorative_and_a_run_is_gone_on_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "noise.npz", concepts=np.random.default_rng(0).random((1797, 6)))
    out = ["--out", str(tmp_path / "runs"), "--name", "v", "--json"]
    assert main([str(tmp_path / "noise.npz"), *out]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "DECORATIVE"
    assert main(["strokes", "--seeds", "2", *out]) == 0
    assert json.loads(capsys.readouterr().out)["seeds"] == 2
    assert main(["--resume", str(tmp_path / "runs" / "v"), "--seeds", "3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["seeds"], told["look"]) == (3, 2)

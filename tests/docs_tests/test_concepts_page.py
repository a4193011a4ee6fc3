"""The worked example of docs/concepts.md keeps the contract and can be named in a space."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from analysis.concept_verdict.arms import verdict_space
from analysis.concept_verdict.rule import CONTROLS, Rule
from tests.docs_tests.pages import ROOT
from trainables import foreign
from trainables.concepts.files import read_recipe

PAGE = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")


def test_the_worked_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(foreign, "_folders", [*foreign._folders])
    (example, check) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "my_concepts.py").write_text(example, encoding="utf-8")
    foreign.search_in(tmp_path)
    exec(compile(check, "docs/concepts.md", "exec"), {})
    study = verdict_space("my_concepts:halves", None, 5, 1.0, Rule(), 0).study
    assert study.concepts.set == "my_concepts:halves"
    assert study.listed is not None
    assert study.listed.trials == 5 * (2 + len(CONTROLS))


def test_the_recipe_is_one(tmp_path: Path) -> None:
    (recipe,) = re.findall(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "mine.yaml").write_text(recipe, encoding="utf-8")
    assert read_recipe(tmp_path / "mine.yaml").without == ("symmetry", "ends/count")

"""Every recipe of docs/extending.md: its space file loads beside its modules, and its check holds."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from search.space.loader import load_study
from tests.search_tests.space_texts import HEAD
from trainables import foreign

ROOT = Path(__file__).parents[1]
TRIAL = {"sae", "basis", "auxiliary", "classifier", "loop"}
RECIPES = dict(
    part.split("\n", 1)
    for part in (ROOT / "docs" / "extending.md").read_text(encoding="utf-8").split("\n## ")[1:]
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    path, before = list(sys.path), list(foreign._folders)
    yield tmp_path
    sys.path[:], foreign._folders[:] = path, before


@pytest.mark.parametrize("title", RECIPES)
def test_recipe(title: str, folder: Path) -> None:
    blocks = re.findall(r"```(\w+)\n(.*?)```", RECIPES[title], flags=re.DOTALL)
    assert blocks
    tests = []
    for language, text in blocks:
        first = text.split("\n", 1)[0]
        if language == "python" and first == "# test":
            tests.append(text)
        elif language == "python":
            (folder / first.removeprefix("# ")).write_text(text, encoding="utf-8")
    for language, text in blocks:
        if language == "yaml":
            in_trial = text.split(":", 1)[0] in TRIAL
            body = "trial:\n" + "".join(f"  {line}\n" for line in text.splitlines()) if in_trial else text
            (folder / "space.yaml").write_text(HEAD + body, encoding="utf-8")
            assert load_study(folder / "space.yaml").resolved_text.count("my_") >= 1
    foreign.search_in(folder)
    for text in tests:
        exec(compile(text, f"{title}, docs/extending.md", "exec"), {})

"""A module of the working folder that Ray's workers would import instead of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.errors import SpaceError
from search.execution.own_modules import OURS, refuse_namesakes


@pytest.mark.parametrize("name", ["trainables.py", "trainables/__init__.py"])
def test_a_namesake_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    with pytest.raises(SpaceError, match="another folder"):
        refuse_namesakes(tmp_path)


def test_ours_and_folders_that_are_no_modules_are_not(tmp_path: Path) -> None:
    (tmp_path / "trainables").mkdir()  # what is installed comes before a folder without __init__.py
    refuse_namesakes(tmp_path)
    refuse_namesakes(OURS.parent)

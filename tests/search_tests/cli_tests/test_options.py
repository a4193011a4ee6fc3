"""Numbers on a command line: what counts as one, and what is said of the rest."""

from __future__ import annotations

import argparse

import pytest

from search.cli.parser import positive


def test_a_whole_number_from_one_is_taken() -> None:
    assert [positive(text) for text in ("1", "17")] == [1, 17]


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "ten", ""])
def test_anything_else_is_refused_in_words(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=positive)
    with pytest.raises(SystemExit) as ended:
        parser.parse_args([f"--trials={text}"])
    assert ended.value.code == 2
    assert f"--trials: must be a whole number, at least 1, got {text!r}" in capsys.readouterr().err

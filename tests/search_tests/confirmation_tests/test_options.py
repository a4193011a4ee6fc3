"""The options of confirm.py that can be wrong."""

from __future__ import annotations

import pytest

from search.confirmation.options import parse


@pytest.mark.parametrize(
    ("given", "expected"), [([], None), (["--gpu", "0.125"], 0.125), (["--gpu", "0"], 0.0)]
)
def test_a_share_of_a_gpu(given: list[str], expected: float | None) -> None:
    assert parse(["runs/r", *given]).gpu == expected


@pytest.mark.parametrize("given", ["-1", "65", "nan", "half"])
def test_what_is_no_share_is_refused(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(["runs/r", "--gpu", given])
    assert end.value.code == 2
    assert "argument --gpu" in capsys.readouterr().err

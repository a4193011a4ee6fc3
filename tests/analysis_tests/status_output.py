"""What status.py prints when all is well, as text and as a document."""

from __future__ import annotations

import json
from typing import Any

import pytest

from analysis import status


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert status.main(list(arguments)) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "\x1b" not in captured.out
    return captured.out


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(told(capsys, *arguments, "--json"), parse_constant=refuse)

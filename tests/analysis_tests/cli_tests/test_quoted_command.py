"""Commands quoted on pages."""

from __future__ import annotations

from analysis.cli.quoted_command import without_places


def test_places_go_and_the_rest_can_be_pasted() -> None:
    words = [
        "run.py",
        "a.yaml",
        "--set",
        "trial.sae.k={int: [2, 6]}",
        "--out",
        "/home/me/runs",
        "--name",
        "x",
        "--json",
    ]
    assert without_places(words) == "run.py a.yaml --set 'trial.sae.k={int: [2, 6]}' --json"
    assert without_places(["--cache"]) == ""

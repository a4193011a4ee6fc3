"""Characters that only look like a blank or a colon are named, with their line; in prose they are let be."""

from __future__ import annotations

import pytest

from search.errors import SpaceError
from search.space.loader import load_text

HEAD = "name: x\nquestion: q?\nobjectives: [{metric: probe/accuracy, mode: max}]\n"


def complaint(text: str) -> str:
    with pytest.raises(SpaceError) as caught:
        load_text(text, "x.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "place", "name"),
    [
        (HEAD + "trial:\n  sae: {width:\u00a064}\n", "x.yaml:5:15", "no-break space (U+00A0)"),
        (HEAD + "trial:\n\u00a0 sae: {width: 64}\n", "x.yaml:5:1", "no-break space (U+00A0)"),
        (HEAD + "trial:\n  sae: {width: 64\u200b}\n", "x.yaml:5:18", "zero-width space (U+200B)"),
        (HEAD + "trial:\n  sae: {kind: 'topk\u2060'}\n", "x.yaml:5:20", "word joiner (U+2060)"),
        (HEAD + "trial:\n  sae\uff1a {width: 64}\n", "x.yaml:5:6", "full-width colon (U+FF1A)"),
        (HEAD + "budget\uff1a 3\ntrial: {}\n", "x.yaml:4:7", "full-width colon (U+FF1A)"),
        (HEAD + "\ufefftrial: {}\n", "x.yaml:4:1", "byte order mark (U+FEFF)"),
        (HEAD.replace("name: x", "name:\u00a0x") + "trial: {}\n", "x.yaml:1:6", "no-break space (U+00A0)"),
        (
            HEAD + "trial: {sae: {width: {choice: [32\uff0c 64]}}}\n",
            "x.yaml:4:34",
            "full-width comma (U+FF0C)",
        ),
    ],
)
def test_the_character_is_named_at_its_place_and_nothing_else_is_said(
    text: str, place: str, name: str
) -> None:
    told = complaint(text)
    assert told.startswith(f"{place}: a {name}")
    assert told.count("x.yaml:") == 1


def test_prose_and_comments_may_have_them() -> None:
    text = (
        HEAD.replace("q?", "Gr\u00f6\u00dfe\u00a0? \u4f60\u597d\uff1a\ufeff")
        + "# a\u00a0comment\ntrial: {}  # b\u200b\n"
    )
    assert "\u00a0" in load_text(text, "x.yaml").study.question


def test_a_byte_order_mark_at_the_beginning_of_a_file_is_no_mistake(tmp_path: object) -> None:
    from pathlib import Path

    from search.space.loader import load_study

    path = Path(str(tmp_path)) / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + (HEAD + "trial: {}\n").encode())
    assert load_study(path).study.name == "x"

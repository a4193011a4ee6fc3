"""Concept sets in a space file: searched over, measured by, and halves that follow the replicate."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.errors import SpaceError
from search.space.loader import load_study, load_text
from search.study.design import DIRECTION, REPLICATE
from search.study.domains import Choice
from tests.search_tests.space_texts import HEAD

DESIGN = """\
name: x
question: Does it load?
concepts: {set: strokes, only: [sae/fvu]}
scheduler: {name: none}
objectives: [{metric: concepts/held_out_f1_skill, mode: max}]
trial:
  auxiliary: {concepts: 0, concept_table: strokes, concept_part: half, concept_split: 0}
design:
  replicates: 3
  following: [auxiliary.concept_split]
  one_at_a_time:
    real: {auxiliary.concepts: 1}
"""


def test_a_search_over_sets_has_files_beside_the_space(tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    choice = "{choice: [strokes, strokes_without_symmetry, mine.yaml], default: mine.yaml}"
    path.write_text(f"{HEAD}trial:\n  auxiliary: {{concepts: 0.1, concept_table: {choice}}}\n")
    loaded = load_study(path)
    (parameter,) = loaded.study.parameters
    mine = str(tmp_path / "mine.yaml")
    assert parameter.domain == Choice(("strokes", "strokes_without_symmetry", mine))
    assert parameter.default == mine
    assert load_text(loaded.resolved_text, "resolved").study == loaded.study


def test_the_set_that_latents_are_measured_by(tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(f"concepts: {{set: mine.csv}}\n{HEAD}trial: {{}}\n")
    loaded = load_study(path)
    assert loaded.study.concepts.set == str(tmp_path / "mine.csv")
    assert load_text(loaded.resolved_text, "resolved").study == loaded.study
    with pytest.raises(SpaceError, match="measured by a set of concepts; name one"):
        load_text(DESIGN.replace("concepts: {set: strokes, only: [sae/fvu]}\n", ""), "x")
    with pytest.raises(SpaceError, match="wrong value 'storkes'"):
        load_text(DESIGN.replace("set: strokes", "set: storkes"), "x")


def test_halves_follow_the_replicate_and_arms_share_them() -> None:
    loaded = load_text(DESIGN, "x")
    study = loaded.study
    assert load_text(loaded.resolved_text, "resolved").study == study
    for replicate in range(3):
        splits = {
            study.trial_config({DIRECTION: arm, REPLICATE: replicate}).auxiliary.concept_split
            for arm in ("default", "real")
        }
        assert splits == {replicate}


@pytest.mark.parametrize("given", ["[sae.kind]", "[auxiliary.concept_splt]", "[replicate]", "[[sae.k]]"])
def test_only_whole_numbers_of_the_trial_follow(given: str) -> None:
    with pytest.raises(SpaceError, match=r"design\.following: wrong value"):
        load_text(DESIGN.replace("[auxiliary.concept_split]", given), "x")

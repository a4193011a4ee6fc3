"""A design from the file to the hands of the searcher."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from search.cli.dry_run import describe
from search.errors import SpaceError
from search.ledger.ledger import Ledger
from search.ledger.recorder import Recorder
from search.scheduling.suggester import Suggester
from search.space.loader import load_text
from search.space.writer import describe_difference
from search.stages.proposing import suggester_for
from search.study.design import Design
from search.study.sections import Scheduler
from search.study.study import Study
from tests.search_tests.space_texts import HEAD

DESIGN = """\
design:
  replicates: 2
  one_at_a_time:
    relu: {sae.kind: relu, sae.l1: 2}
    wide: {sae.width: 64}
trial:
  basis: {kind: pca, components: 8}
  sae: {width: 32, k: 4}
"""


def study_of(text: str = HEAD + DESIGN, *overrides: str) -> Study:
    return load_text(text, "x", overrides).study


def design_of(study: Study) -> Design:
    assert isinstance(study.listed, Design)
    return study.listed


def test_arms_are_the_default_and_each_direction_alone() -> None:
    study = study_of()
    arms = {
        arm.name: study.trial_config({"direction": arm.name, "replicate": 1}) for arm in design_of(study).arms
    }
    assert list(arms) == ["default", "relu", "wide"]
    assert (arms["default"].sae.kind, arms["default"].sae.width) == ("topk", 32)
    # k belongs to topk: it goes with the kind, all else stays.
    assert arms["relu"].sae.model_dump(include={"kind", "l1", "width"}) == {
        "kind": "relu",
        "l1": 2,
        "width": 32,
    }
    assert (arms["wide"].sae.kind, arms["wide"].sae.width) == ("topk", 64)
    assert {arm.basis.kind for arm in arms.values()} == {"pca"}
    assert {arm.replicate for arm in arms.values()} == {1}


def test_one_replicate_is_completed_before_the_next() -> None:
    design = design_of(study_of())
    assert [tuple(design.draw(number)[0].values()) for number in range(design.trials)] == [
        ("default", 0), ("relu", 0), ("wide", 0), ("default", 1), ("relu", 1), ("wide", 1),
    ]  # fmt: skip


def test_trials_follow_and_nothing_is_stopped_unless_asked_for() -> None:
    study = study_of()
    assert study.budget.trials == 6
    assert study.scheduler == Scheduler(name="none", rungs=1)
    asked = study_of(HEAD + "scheduler: {rungs: 2}\nbudget: {trials: 6}\n" + DESIGN)
    assert asked.scheduler.name == "asha"


def test_the_resolved_file_loads_to_the_same_study() -> None:
    loaded = load_text(HEAD + DESIGN, "x", ["design.replicates=3", "trial.sae.width=48"])
    assert design_of(loaded.study).trials == 9
    again = load_text(loaded.resolved_text, "y")
    assert again.study == loaded.study
    assert again.resolved_text == loaded.resolved_text


def test_a_resume_names_a_changed_design() -> None:
    changed = study_of(HEAD + DESIGN, "design.replicates=3")
    assert "design.replicates: 2 -> 3" in describe_difference(study_of(), changed)


def test_trials_that_do_not_fit_are_refused() -> None:
    with pytest.raises(SpaceError, match="the default and 2 directions in 2 replicates are 6 trials"):
        study_of(HEAD + DESIGN, "budget.trials=5")


def test_views_see_direction_and_replicate_and_all_settings() -> None:
    values = study_of().values({"direction": "relu", "replicate": 1})
    assert values["direction"] == "relu"
    assert values["replicate"] == 1
    assert values["sae.l1"] == 2
    assert "sae.k" not in values


def test_the_dry_run_shows_the_arms() -> None:
    console = Console(file=io.StringIO(), width=200, color_system=None)
    console.print(describe(study_of()))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "the default and 2 directions, each alone, in 2 replicates: 6 trials" in text
    assert "sae.kind relu, sae.l1 2" in text
    assert "sampler" not in text


def proposer_of(study: Study, path: Path) -> tuple[Suggester, Recorder, Ledger]:
    ledger, history = Ledger.open(path)
    recorder = Recorder(ledger, history, ())
    return suggester_for(study, recorder, study.budget.trials), recorder, ledger


def test_the_proposer_hands_out_every_trial_once_across_a_restart(tmp_path: Path) -> None:
    study = study_of()
    handed = []
    for take in (4, 10):
        suggester, recorder, ledger = proposer_of(study, tmp_path / "trials.jsonl")
        for _ in range(take):
            proposal = suggester.next()
            if proposal is None:
                break
            record = proposal.record
            handed.append((record.number, record.origin, record.params["replicate"], proposal.is_new))
            # The last trial of the first session is left unfinished.
            if len(handed) != 4:
                recorder.end(record.number, "COMPLETE", values=[0.5])
                suggester.told(record)
        ledger.close()
    assert handed == [
        (0, "design:default", 0, True),
        (1, "design:relu", 0, True),
        (2, "design:wide", 0, True),
        (3, "design:default", 1, True),
        (3, "design:default", 1, False),
        (4, "design:relu", 1, True),
        (5, "design:wide", 1, True),
    ]


def test_the_default_arm_counts_as_the_default(tmp_path: Path) -> None:
    study = replace(study_of(), scheduler=Scheduler(name="asha", rungs=2, reduction_factor=2))
    suggester, _, ledger = proposer_of(study, tmp_path / "trials.jsonl")
    found = []
    while (proposal := suggester.next()) is not None:
        found.append(proposal.record.is_default)
    ledger.close()
    assert found == [True, False, False, True, False, False]

"""Cycles: restored like unbroken, targets of three kinds that differ, and nothing changed by weight 0."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from trainables.classifier.trainer import ClassifierTrainer
from trainables.config import TrialConfig
from trainables.data.dataset import ImageData, load_dataset, to_tensors
from trainables.losses.cosine_target import CosineTarget
from trainables.pipeline import pipeline
from trainables.pipeline.pipeline import Pipeline
from trainables.pipeline.plan import Plan
from trainables.pipeline.step import Step
from trainables.settings.auxiliary import AuxiliaryConfig
from trainables.settings.classifier import MlpClassifierConfig
from trainables.stages.cache import StageCache

PLAN = Plan(study_seed=0, rungs=2, reduction_factor=2)
TARGETS = ("masked_code", "class_mean", "cluster_mean", "random")


@pytest.fixture(scope="module")
def digits() -> ImageData:
    return to_tensors(load_dataset("digits", limit=200))


def config(**loop: Any) -> TrialConfig:
    return TrialConfig.model_validate(
        {
            "classifier": {"kind": "mlp", "hidden_size": 16, "depth": 2, "epochs": 4},
            "sae": {"kind": "topk", "width": 32, "k": 4, "epochs": 4},
            "loop": {"kind": "sae_ception", "cycles": 2, "weight": 0.5, "top": 5, "clusters": 6, **loop},
        }
    )


def opened(
    data: ImageData, trial: TrialConfig, plan: Plan = PLAN, cache: StageCache | None = None
) -> Pipeline:
    return Pipeline(trial, data, plan, cache=cache, device="cpu")


def run(trial: Pipeline) -> list[Step]:
    steps = []
    while not trial.done:
        steps.append(trial.step())
    return steps


def test_every_cycle_has_the_rungs_share_of_epochs(digits: ImageData) -> None:
    steps = run(opened(digits, config()))
    # Rung 1: three trainings of 2 epochs. Rung 2: cycle 0 goes on for 2, then two trainings of 4.
    assert [(s.epoch, s.rung) for s in steps] == [
        (2, None), (4, None), (6, None), (6, 1), (8, None), (12, None), (16, None), (16, 2),
    ]  # fmt: skip
    assert [report.epoch for step in steps for report in step.reports] == list(range(1, 17))


def test_a_rung_announces_itself_after_its_last_cycle(digits: ImageData) -> None:
    trial = opened(digits, config())
    announced = []
    while not trial.done:
        announced.append(trial.next_rung)
        trial.step()
    assert announced == [None, None, None, 1, None, None, None, 2]


@pytest.mark.parametrize(
    ("loop", "with_cache"),
    [
        ({"targets": "masked_code"}, False),
        ({"targets": "cluster_mean"}, True),
        ({"targets": "random"}, True),
        ({"start": "continue", "reinitialise": "both", "targets": "class_mean"}, False),
    ],
    ids=lambda value: str(value.get("start", value["targets"])) if isinstance(value, dict) else None,
)
def test_restored_at_any_step_it_goes_on_as_if_unbroken(
    digits: ImageData,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    loop: dict[str, Any],
    with_cache: bool,
) -> None:
    monkeypatch.setattr(pipeline, "IMAGES_PER_STEP", 3 * len(digits.train))
    cache = StageCache(tmp_path / "cache") if with_cache else None
    unbroken = opened(digits, config(**loop))
    taken = None
    while not unbroken.done:
        restored = opened(digits, config(**loop), cache=cache)
        found = restored.restore(tmp_path)
        assert (found.step if found else None) == taken
        taken = unbroken.step()
        assert restored.step() == taken
        record = unbroken.save(tmp_path)
        assert restored.save(tmp_path / "other")["sha256"] == record["sha256"]


@pytest.mark.parametrize("targets", TARGETS)
def test_a_single_rung_is_the_last_of_several(digits: ImageData, targets: str) -> None:
    several = run(opened(digits, config(targets=targets)))[-1]
    alone = run(opened(digits, config(targets=targets), Plan(0, 1, 2)))[-1]
    assert alone.metrics == several.metrics


def test_rungs_of_equal_epochs_open_their_cycles_anew(digits: ImageData) -> None:
    trial = config().model_copy(update={"classifier": MlpClassifierConfig(hidden_size=16, epochs=1)})
    steps = run(opened(digits, trial))
    assert [(s.epoch, s.rung) for s in steps] == [
        (1, None), (2, None), (3, None), (3, 1), (4, None), (5, None), (5, 2),
    ]  # fmt: skip
    assert steps[-1].metrics == run(opened(digits, trial, Plan(0, 1, 2)))[-1].metrics


def test_targets_of_every_kind_make_another_classifier(digits: ImageData) -> None:
    one_rung = Plan(0, 1, 2)
    found = [run(opened(digits, config(targets=targets), one_rung))[-1].metrics for targets in TARGETS]
    plain = run(opened(digits, config().model_copy(update={"loop": TrialConfig().loop}), one_rung))[
        -1
    ].metrics
    cross_entropies = {metrics["classifier/ce"] for metrics in (*found, plain)}
    assert len(cross_entropies) == len(TARGETS) + 1


def test_weight_0_is_plain_training_exactly_and_costs_nothing(digits: ImageData) -> None:
    idle = run(opened(digits, config(weight=0)))
    plain = run(opened(digits, config().model_copy(update={"loop": TrialConfig().loop})))
    assert idle == plain


def test_a_guide_of_weight_0_trains_the_same_weights(digits: ImageData) -> None:
    """What a cycle would be if it were trained all the same."""
    mlp, states = MlpClassifierConfig(hidden_size=16), []
    for guide in (None, CosineTarget(0.0, lambda: torch.ones(len(digits.train), 16))):
        trainer = ClassifierTrainer(mlp, AuxiliaryConfig(), digits, seed=3, guide=guide)
        trainer.train_epoch()
        states.append(trainer.state_tensors())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_a_cycle_shares_cycle_0_with_trials_without_a_loop(digits: ImageData, tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    run(opened(digits, config().model_copy(update={"loop": TrialConfig().loop}), cache=cache))
    before = cache.hits.total()
    run(opened(digits, config(), cache=cache))
    assert cache.hits.total() - before == 6  # classifier, basis and SAE of cycle 0 at both rungs
    before = cache.hits.total()
    run(opened(digits, config(cycles=1), cache=cache))
    # One cycle is the first of two; only what is fitted to it at the end was there before as well.
    assert cache.hits.total() - before == 12
    misses = cache.misses.total()
    run(opened(digits, config(targets="random"), cache=cache))
    # Both cycles, basis and SAE of each, at both rungs; the references at both and at the end; and the floor.
    assert cache.misses.total() - misses == 16


def test_cycles_repeat_and_replicates_differ(digits: ImageData) -> None:
    trial = config(targets="random", cycles=1)
    first = run(opened(digits, trial))
    assert run(opened(digits, trial)) == first
    assert run(opened(digits, trial.model_copy(update={"replicate": 1}))) != first


def test_a_heavy_weight_turns_activations_towards_their_targets(digits: ImageData) -> None:
    """What the term is for: after a cycle the activations point where the class' code pointed."""

    def spread_within_classes(weight: float) -> float:
        trial = opened(
            digits,
            config(weight=weight, targets="class_mean", cycles=1).model_copy(
                update={"classifier": MlpClassifierConfig(hidden_size=16, epochs=20)}
            ),
            Plan(0, 1, 2),
        )
        run(trial)
        assert trial.model is not None
        h = torch.nn.functional.normalize(trial.model.hidden(digits.train.images).detach(), dim=1)
        distances = [
            1 - (h[digits.train.labels == c] @ h[digits.train.labels == c].mean(0)).mean() for c in range(10)
        ]
        return float(torch.stack(distances).mean())

    assert spread_within_classes(5.0) < 0.6 * spread_within_classes(0.0)

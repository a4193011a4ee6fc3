from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from trainables.config import TrialConfig
from trainables.data.dataset import ImageData, TensorSplit
from trainables.errors import TrialDiverged
from trainables.metrics.catalog import METRICS
from trainables.model.feature_model import load_feature_model
from trainables.pipeline import pipeline
from trainables.pipeline.pipeline import Pipeline
from trainables.pipeline.plan import Plan
from trainables.pipeline.step import Step
from trainables.stages.cache import StageCache
from trainables.storage import checkpoint, tensor_folder

PLAN = Plan(study_seed=0, rungs=3, reduction_factor=2)


def small(**sections: dict[str, Any]) -> TrialConfig:
    """A trial of a fraction of a second."""
    defaults: dict[str, dict[str, Any]] = {
        "classifier": {"kind": "mlp", "hidden_size": 16, "epochs": 8},
        "sae": {"kind": "topk", "width": 32, "k": 4, "epochs": 8},
    }
    names = defaults.keys() | sections.keys()
    return TrialConfig.model_validate(
        {name: defaults.get(name, {}) | sections.get(name, {}) for name in names}
    )


def run(trial: Pipeline) -> list[Step]:
    steps = []
    while not trial.done:
        steps.append(trial.step())
    return steps


def open_pipeline(
    data: ImageData, config: TrialConfig | None = None, cache: StageCache | None = None, plan: Plan = PLAN
) -> Pipeline:
    return Pipeline(config or small(), data, plan, cache=cache, device="cpu")


def test_the_course_of_a_trial(digits: ImageData) -> None:
    steps = run(open_pipeline(digits))
    assert [(step.epoch, step.rung) for step in steps] == [
        (2, None),
        (2, 1),
        (4, None),
        (4, 2),
        (8, None),
        (8, 3),
    ]
    assert [step.done for step in steps] == [False] * 5 + [True]
    assert [report.epoch for step in steps for report in step.reports] == list(range(1, 9))
    for step in steps:
        times = {"epoch"} | ({"rung"} if step.rung else set()) | ({"final"} if step.done else set())
        assert set(step.metrics) == {
            name
            for name, info in METRICS.items()
            if info.when in times and "concepts" not in info.metric.needs
        }
        assert all(math.isfinite(value) for value in step.metrics.values())
    assert steps[-1].metrics["sae/fvu"] < steps[1].metrics["sae/fvu"]
    assert steps[-1].metrics["classifier/accuracy"] > steps[1].metrics["classifier/accuracy"]


def test_a_rung_announces_itself_before_its_features_are_fitted(digits: ImageData) -> None:
    trial = open_pipeline(digits)
    announced = [trial.next_rung]
    while not trial.done:
        trial.step()
        announced.append(trial.next_rung)
    assert announced == [None, 1, None, 2, None, 3, None]


def test_long_rungs_take_several_steps(digits: ImageData, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(open_pipeline(digits))
    monkeypatch.setattr(pipeline, "IMAGES_PER_STEP", 3 * len(digits.train))
    steps = run(open_pipeline(digits))
    assert [step.epoch for step in steps if step.rung is None] == [2, 3, 4, 6, 8]
    assert [step.metrics for step in steps if step.rung] == [step.metrics for step in whole if step.rung]


def test_rungs_of_equal_epochs_train_no_classifier(digits: ImageData) -> None:
    steps = run(open_pipeline(digits, small(classifier={"epochs": 1})))
    assert [(step.epoch, step.rung) for step in steps] == [(1, None), (1, 1), (1, 2), (1, 3)]


def test_one_rung_is_the_last_rung_of_several(digits: ImageData) -> None:
    """How a trial got to its full training leaves no trace in what it is."""
    alone = run(open_pipeline(digits, plan=Plan(0, 1, 2)))
    assert alone[-1].metrics == run(open_pipeline(digits))[-1].metrics


def test_after_the_end_there_is_no_step(digits: ImageData) -> None:
    trial = open_pipeline(digits)
    run(trial)
    with pytest.raises(RuntimeError, match="done"):
        trial.step()


@pytest.mark.parametrize("with_cache", [False, True])
def test_restored_at_any_step_it_goes_on_as_if_unbroken(
    digits: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_cache: bool
) -> None:
    monkeypatch.setattr(pipeline, "IMAGES_PER_STEP", 3 * len(digits.train))
    config = small(auxiliary={"activation_l1": 0.1, "junk_penalty": 0.1})
    cache = StageCache(tmp_path / "cache") if with_cache else None
    unbroken = open_pipeline(digits, config)
    assert unbroken.restore(tmp_path) is None
    taken = None
    while not unbroken.done:
        restored = open_pipeline(digits, config, cache)
        found = restored.restore(tmp_path)
        assert (found.step if found else None) == taken
        taken = unbroken.step()
        assert restored.step() == taken
        record = unbroken.save(tmp_path)
        assert restored.save(tmp_path / "other")["sha256"] == record["sha256"]
    last = open_pipeline(digits, config)
    found = last.restore(tmp_path)
    assert found is not None
    assert (found.step, found.record) == (taken, record)
    assert last.done
    assert last.save(tmp_path) == record


def test_a_damaged_newest_checkpoint_costs_one_step(
    digits: ImageData, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trial = open_pipeline(digits)
    for _ in range(2):
        trial.step()
        record = trial.save(tmp_path)
    third = trial.step()
    record = trial.save(tmp_path)
    (tmp_path / record["path"] / tensor_folder.TENSORS).write_bytes(b"")
    again = open_pipeline(digits)
    with caplog.at_level(logging.WARNING):
        assert again.restore(tmp_path) is not None
    assert "damaged" in caplog.text
    assert again.step() == third


def test_a_checkpoint_beyond_a_rung_that_nobody_heard_of_is_not_taken(
    digits: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the driver's disk is lost: the storage has checkpoints that are newer than its ledger."""
    monkeypatch.setattr(checkpoint, "KEPT", 10)
    trial = open_pipeline(digits)
    rungs = [trial.step().rung, *(trial.save(tmp_path) and trial.step().rung for _ in range(3))]
    trial.save(tmp_path)
    assert rungs == [None, 1, None, 2]
    for passed, rung in ((0, 1), (1, 2), (2, 2)):
        again = open_pipeline(digits)
        found = again.restore(tmp_path, passed)
        assert found is not None
        assert (found.step.rung, again.rung) == (rung, rung)


@pytest.mark.parametrize(
    ("config", "plan"),
    [
        (small(sae={"k": 5}), PLAN),
        (small(), Plan(1, 3, 2)),
        (small(), Plan(0, 2, 2)),
    ],
)
def test_another_trial_s_checkpoint_is_not_taken(
    digits: ImageData, tmp_path: Path, config: TrialConfig, plan: Plan
) -> None:
    trial = open_pipeline(digits)
    trial.step()
    trial.save(tmp_path)
    other = open_pipeline(digits, config, plan=plan)
    assert (other.restore(tmp_path), other.epoch) == (None, 0)


def test_checkpoints_of_when_there_was_a_score_are_still_taken() -> None:
    """What such a run had by default stands in the identity that they were saved with."""
    former = ["junk", "purity", "alive", "splice"]
    assert PLAN.identity() == [0, 3, 2, former]
    assert Plan(0, 3, 2, ("own:INK",), asked=("sae/l0",)).identity() == [0, 3, 2, former, ["own:INK"]]


def test_the_last_checkpoint_holds_the_model_that_was_measured(digits: ImageData, tmp_path: Path) -> None:
    trial = open_pipeline(digits)
    steps = run(trial)
    trial.save(tmp_path)
    found = checkpoint.load_newest(tmp_path)
    assert found is not None
    model = load_feature_model(found.tensors, found.meta)
    z = model.encode(model.hidden(digits.val.images))[1]
    assert float((z > 0).sum(1).double().mean()) == pytest.approx(steps[-1].metrics["sae/l0"])
    right = model.head(model.hidden(digits.val.images)).argmax(1) == digits.val.labels
    assert float(right.double().mean()) == pytest.approx(steps[-1].metrics["classifier/accuracy"])


def test_the_cache_saves_the_work_and_changes_nothing(digits: ImageData, tmp_path: Path) -> None:
    without = run(open_pipeline(digits))
    cache = StageCache(tmp_path)
    assert run(open_pipeline(digits, cache=cache)) == without
    # Classifier, references, basis and SAE at three rungs, and the final references and floor.
    assert (cache.hits.total(), cache.misses.total()) == (0, 14)
    assert run(open_pipeline(digits, cache=cache)) == without
    assert (cache.hits.total(), cache.misses.total()) == (14, 14)


def test_trials_share_the_stages_they_agree_on(digits: ImageData, tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    run(open_pipeline(digits, cache=cache))

    def shared(**sections: dict[str, Any]) -> int:
        before = cache.hits.total()
        run(open_pipeline(digits, small(**sections), cache=cache))
        return cache.hits.total() - before

    assert shared(sae={"k": 5}) == 10  # classifier, references and basis; the floor is of another L0
    assert shared(basis={"kind": "pca", "components": 4}) == 8  # classifier, references and floor
    assert shared(classifier={"epochs": 4}, sae={"k": 6}) == 6  # its rungs 1, 2, 4 meet ours at 2 and 4
    assert shared(auxiliary={"activation_l1": 0.1}) == 0
    assert shared(classifier={"learning_rate": 0.01}) == 0


def test_a_partly_filled_cache_is_taken_up_where_it_ends(digits: ImageData, tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    run(open_pipeline(digits, small(classifier={"epochs": 4}), cache=cache))
    assert run(open_pipeline(digits, cache=cache)) == run(open_pipeline(digits))


def test_replicates_and_study_seeds_differ(digits: ImageData) -> None:
    first = open_pipeline(digits).step()
    replicate = small().model_copy(update={"replicate": 1})
    assert open_pipeline(digits, replicate).step() != first
    assert open_pipeline(digits, plan=Plan(1, 3, 2)).step() != first


def test_nothing_depends_on_the_global_generator(digits: ImageData) -> None:
    torch.manual_seed(1)
    first = run(open_pipeline(digits))
    torch.manual_seed(2)
    assert run(open_pipeline(digits)) == first


def test_a_metric_that_is_not_finite_ends_the_trial_by_name(
    digits: ImageData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "evaluate", lambda *_: {"sae/l0": 1.0, "sae/fvu": float("nan")})
    trial = open_pipeline(digits)
    trial.step()
    with pytest.raises(TrialDiverged, match="sae/fvu is nan after epoch 2"):
        trial.step()


def test_a_classifier_that_diverges_ends_the_trial(digits: ImageData) -> None:
    data = ImageData(
        TensorSplit(digits.train.images * float("inf"), digits.train.labels),
        digits.val,
        digits.n_classes,
        digits.image_shape,
        "inf",
    )
    with pytest.raises(TrialDiverged, match="loss is nan"):
        open_pipeline(data).step()

"""Network and SAE together: restored like unbroken, cached, measured as they were trained, and worth it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from pydantic import Field

from trainables.bases.raw import Raw
from trainables.classifier.joint import JointLoop
from trainables.classifier.joint_loss import JointLoss, lowered_thresholds, unexplained
from trainables.classifier.objective import Objective
from trainables.config import TrialConfig
from trainables.data.dataset import ImageData, load_dataset, to_tensors
from trainables.losses.latents.latent_batch import LatentBatch
from trainables.model.activation_cache import HiddenActivations
from trainables.model.feature_model import FeatureModel
from trainables.pipeline import pipeline
from trainables.pipeline.pipeline import Pipeline
from trainables.pipeline.plan import Plan
from trainables.sae_training.schedules import edit_ramp, one_cycle
from trainables.saes.batch_topk import BatchTopKSae
from trainables.seeds import generator
from trainables.settings.section import LatentLossConfig
from trainables.stages.cache import StageCache
from trainables.stages.fitting import hidden_activations

HERE = __name__
PLAN = Plan(study_seed=0, rungs=2, reduction_factor=2)
EDITS = {"solo": 1.0, "moves": 0.2, "far_ink": 0.3, "erasing": 0.1, "decoder_orthogonality": 0.1}


@pytest.fixture(scope="module")
def digits() -> ImageData:
    return to_tensors(load_dataset("digits", limit=120))


def config(sae: dict[str, Any] | None = None, **loop: Any) -> TrialConfig:
    return TrialConfig.model_validate(
        {
            "classifier": {
                "kind": "parts",
                "templates": 6,
                "epochs": 2,
                "shift": 0.1,
                "background_noise": 0.1,
            },
            "sae": {
                "kind": "batch_topk",
                "width": 24,
                "k": 3,
                "epochs": 2,
                "prune_rare": 0.01,
                **(sae or {}),
            },
            "auxiliary": {"activation_l1": 0.01},
            "loop": {"kind": "joint", "epochs": 4, "batch_size": 32, "edited_images": 16, **EDITS, **loop},
        }
    )


def opened(
    data: ImageData, trial: TrialConfig, plan: Plan = PLAN, cache: StageCache | None = None
) -> Pipeline:
    return Pipeline(trial, data, plan, cache=cache, device="cpu")


def loop_of(
    data: ImageData, trial: TrialConfig, plan: Plan = PLAN, cache: StageCache | None = None
) -> JointLoop:
    """The loop of a pipeline, without the measuring."""
    loop = opened(data, trial, plan, cache)._loop
    assert isinstance(loop, JointLoop)
    return loop


def arrive(loop: JointLoop, rung: int) -> JointLoop:
    while not loop.arrived(rung):
        loop.advance(rung)
    return loop


def features(loop: JointLoop, rung: int) -> FeatureModel:
    images = loop.setting.data.train.images
    hidden = hidden_activations(loop.network, images, torch.device("cpu"))
    return loop.features(rung, HiddenActivations(hidden, hidden[:0]))


def same(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> bool:
    return set(one) == set(other) and all(torch.equal(one[name], other[name]) for name in one)


def test_a_trial_trains_its_share_at_every_rung_and_comes_back_with_fewer_latents(
    digits: ImageData, tmp_path: Path
) -> None:
    steps, trial = [], opened(digits, config({"prune_rare": 0.1}))
    while not trial.done:
        steps.append(trial.step())
    # Rung 1: 1 plain epoch and 2 joint ones. Rung 2: the plain one goes on for 1, the joint one afresh for 4.
    assert [(s.epoch, s.rung) for s in steps] == [
        (1, None), (3, None), (3, 1), (4, None), (8, None), (8, 2),
    ]  # fmt: skip
    assert [report.epoch for step in steps for report in step.reports] == list(range(1, 9))
    trial.save(tmp_path)
    again = opened(digits, config({"prune_rare": 0.1}))
    again.restore(tmp_path)
    assert again.model is not None
    assert trial.model is not None
    assert len(again.model.sae.decoder) == len(trial.model.sae.decoder) < 24
    assert same(again.model.tensors(), trial.model.tensors())
    # What was measured is the very SAE that was trained.
    assert same(trial.model.tensors(), features(trial._loop, 2).tensors())  # type: ignore[arg-type]


@pytest.mark.parametrize("with_cache", [False, True])
def test_restored_at_any_step_it_goes_on_as_if_unbroken(
    digits: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_cache: bool
) -> None:
    monkeypatch.setattr(pipeline, "IMAGES_PER_STEP", 3 * len(digits.train))
    cache = StageCache(tmp_path / "cache") if with_cache else None
    unbroken, steps = loop_of(digits, config()), 0
    for rung in (1, 2):
        while not unbroken.arrived(rung):
            restored = loop_of(digits, config(), cache=cache)
            restored.restore(unbroken.tensors(), unbroken.facts())
            for loop in (unbroken, restored):
                loop.advance(rung)
            assert restored.facts() == unbroken.facts()
            assert same(restored.tensors(), unbroken.tensors())
            assert restored.key == unbroken.key
            steps += 1
        assert same(features(restored, rung).tensors(), features(unbroken, rung).tensors())
    assert steps == 5


def test_a_single_rung_is_the_last_of_several(digits: ImageData) -> None:
    several, alone = loop_of(digits, config()), loop_of(digits, config(), Plan(0, 1, 2))
    arrive(several, 1)
    assert same(features(arrive(several, 2), 2).tensors(), features(arrive(alone, 1), 1).tensors())


def test_the_features_are_those_trained_and_as_sparse_as_asked(digits: ImageData) -> None:
    loop = arrive(loop_of(digits, config()), 1)
    model = features(loop, 1)
    assert loop._joint is not None
    trained = loop._joint.trainer.sae.decoder.detach()
    assert (model.sae.decoder[:, None] == trained[None]).all(-1).any(1).all()
    codes = model.encode(model.hidden(digits.train.images))[1]
    assert (codes > 0).sum(1).double().mean().item() == pytest.approx(3, abs=0.05)
    assert (codes > 0).double().mean(0).min() >= 0.01


def test_pruning_does_not_touch_the_joint_training(digits: ImageData, tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    arrive(loop_of(digits, config(), cache=cache), 1)
    before = dict(cache.misses)
    arrive(loop_of(digits, config({"prune_rare": 0.0, "merge_alike": 0.9}), cache=cache), 1)
    assert dict(cache.misses) == before
    assert all(cache.hits[stage] > 0 for stage in ("classifier", "basis", "sae", "joint"))


@pytest.mark.parametrize("name", ["reconstructed_kl", *EDITS, "fvu", "augmented_share"])
def test_every_weight_changes_the_training(digits: ImageData, tmp_path: Path, name: str) -> None:
    cache = StageCache(tmp_path)
    heads = [
        arrive(loop_of(digits, config(**{name: value}), cache=cache), 1).tensors()[
            "joint.trainer.sae.decoder"
        ]
        for value in (0.0, 0.7)
    ]
    assert not torch.equal(*heads)


def joint_loss(digits: ImageData, **loop: Any) -> tuple[JointLoss, torch.Tensor]:
    trial = config(**loop)
    objective = Objective(trial.classifier, trial.auxiliary, digits, 0, torch.device("cpu"))
    h = objective.network.hidden(digits.train.images).detach()
    basis = Raw.fit(h, trial.basis, 0)
    sae = BatchTopKSae(trial.sae, h.shape[1])  # type: ignore[arg-type]
    sae.initialise(basis.encode(h), generator(0))
    return JointLoss(trial.loop, objective, basis, sae), h  # type: ignore[arg-type]


class CalmConfig(LatentLossConfig):
    """Small pre-activations."""

    implementation: ClassVar[str] = f"{HERE}:Calm"
    calm: float = Field(0.0, ge=0, le=10, description="Weight of the mean |u| to a power.")
    calm_power: int = Field(1, ge=1, le=4, description="The power.")


class Calm:
    """mean |u|^p."""

    def __init__(self, loop: Any) -> None:
        self.power = loop.calm_power

    def __call__(self, batch: LatentBatch) -> torch.Tensor:
        return batch.u.abs().pow(self.power).mean()


def test_a_loss_on_latents_from_elsewhere_joins_the_sum(digits: ImageData) -> None:
    calm = {"losses": f"{HERE}:CalmConfig", "calm": 0.5, "calm_power": 2}
    rows, dead = torch.arange(50), torch.zeros(0, dtype=torch.int64)
    losses = []
    for loop in ({}, {"losses": calm["losses"]}, calm):
        loss, _ = joint_loss(digits, **{**dict.fromkeys(EDITS, 0.0), **loop})
        shown = loss.objective.shown(rows, 0, 0.0, generator(1))
        taken = loss.take(shown, dead, 1.0, generator(1))
        losses.append(float(taken.loss.detach()))
    assert losses[0] == losses[1]
    u = loss.read(shown.images[:16]).detach()
    u = u[(u > taken.smallest).any(dim=1)]
    assert losses[2] - losses[0] == pytest.approx(0.5 * float(u.square().mean()), rel=1e-3)


def test_the_loss_is_the_sum_of_its_terms(digits: ImageData) -> None:
    off = {"reconstructed_ce": 0.0, "fvu": 0.0, "revival": 0.0}
    rows, none = torch.arange(50), torch.zeros(0, dtype=torch.int64)

    def value(rho: float = 1.0, **loop: Any) -> float:
        loss, _ = joint_loss(digits, **{**off, **loop})
        draws = generator(1)
        shown = loss.objective.shown(rows, 0, 0.0, draws)
        return float(loss.take(shown, none, rho, draws).loss.detach())

    edits = dict.fromkeys(EDITS, 0.0)
    plain = value(**edits)
    total = value(**{**edits, "solo": 0.5, "fvu": 0.3, "reconstructed_ce": 2.0})
    parts = [
        value(**{**edits, **one}) - plain for one in ({"solo": 0.5}, {"fvu": 0.3}, {"reconstructed_ce": 2.0})
    ]
    assert min(parts) > 0
    assert total - plain == pytest.approx(sum(parts), rel=1e-4)
    assert value(rho=0.0, **{**edits, "solo": 0.5}) == pytest.approx(plain, rel=1e-6)


def test_one_latent_is_read_as_it_is_among_all(digits: ImageData) -> None:
    loss, _ = joint_loss(digits)
    images, latents = digits.train.images[:10], torch.arange(10)
    among_all = loss.read(images).gather(1, latents[:, None]).squeeze(1)
    assert among_all.detach().abs().max() > 0.1
    torch.testing.assert_close(loss.read_one(images, latents), among_all)


def test_unexplained_variance_is_1_for_the_mean_and_0_for_the_truth() -> None:
    h = torch.rand(30, 5, generator=generator(0))
    assert float(unexplained(h, h)) == 0
    assert float(unexplained(h, h.mean(0).expand_as(h))) == pytest.approx(1)


def test_dead_latents_come_within_reach_of_what_they_fit_best(digits: ImageData) -> None:
    loss, _ = joint_loss(digits)
    u = torch.tensor([[0.5, 3.0], [2.0, 1.0]])
    bias = torch.zeros(2, requires_grad=True)
    theta = torch.tensor(4.0)
    value = lowered_thresholds(u, bias, torch.tensor([0, 1]), theta)
    assert float(value.detach()) == pytest.approx(((4 - 2) + (4 - 3)) / 4 / 2)
    (gradient,) = torch.autograd.grad(value, bias)
    assert gradient.tolist() == [-0.125, -0.125]
    # And in earnest: latents that cannot fire are brought back by training on it alone.
    sae = loss.sae
    rows, dead = torch.arange(100), torch.tensor([1, 2, 3])
    with torch.no_grad():
        sae.encoder_bias[dead] = -30.0
    optimizer = torch.optim.Adam([sae.encoder_bias], lr=0.3)
    for _ in range(400):
        shown = loss.objective.shown(rows, 0, 0.0, generator(1))
        taken = loss.take(shown, dead, 0.0, generator(1))
        if taken.fired[dead].all():
            break
        optimizer.zero_grad()
        taken.loss.backward()
        optimizer.step()
    assert taken.fired[dead].all()


def test_schedules_begin_and_end_as_they_say() -> None:
    assert one_cycle(0.0) == pytest.approx(1 / 25)
    assert one_cycle(0.3) == pytest.approx(1.0)
    assert 0 < one_cycle(0.9999) < 1e-3
    assert [edit_ramp(done) for done in (0.0, 0.15, 0.25, 0.35, 1.0)] == pytest.approx([0, 0, 0.5, 1, 1])

"""Controls with known answers: what they encode, what they lose, what of them is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from sklearn.decomposition import PCA

from trainables.batches import in_batches
from trainables.config import TrialConfig
from trainables.confirmation.controls import (
    Neurons,
    SignedComponents,
    Trained,
    build_control,
    sae_tasks,
    twin,
)
from trainables.confirmation.rungs import CONTROLS, LAST_RUNG, SCORED, TRAINED_RUNG, rung_of
from trainables.confirmation.scores import score
from trainables.data.dataset import ImageData, load_dataset, to_tensors
from trainables.metrics.catalog import METRICS
from trainables.metrics.sae_statistics import fvu, l0
from trainables.metrics.splice import accuracy
from trainables.model.feature_model import FeatureModel
from trainables.pipeline.pipeline import Pipeline, Plan
from trainables.sae_training.request import SaeOutcome, SaeRequest
from trainables.sae_training.train import train_sae
from trainables.seeds import generator
from trainables.stages.cache import StageCache
from trainables.stages.prefetch import train_ahead
from trainables.stages.runner import StageRunner

PARTS = ("junk", "purity", "alive", "splice")
PLAN = Plan(study_seed=0, rungs=1, reduction_factor=3, score_parts=PARTS)
CONFIG = TrialConfig.model_validate(
    {
        "classifier": {"kind": "mlp", "hidden_size": 16, "epochs": 10, "learning_rate": 0.01},
        "basis": {"kind": "pca", "components": 12},
        "sae": {"kind": "topk", "width": 32, "k": 4, "epochs": 6},
        "replicate": 500_000,
    }
)


@pytest.fixture(scope="module")
def test_data() -> ImageData:
    return to_tensors(load_dataset("digits", limit=300), score_on="test")


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(None)


def train(cache: StageCache | None) -> Trained:
    data = to_tensors(load_dataset("digits", limit=300))
    pipeline = Pipeline(CONFIG, data, PLAN, cache=cache, device="cpu")
    while not pipeline.done:
        step = pipeline.step()
    assert pipeline.model is not None
    return Trained(
        config=CONFIG,
        model=pipeline.model,
        stages=StageRunner(0, CONFIG.replicate, cache, torch.device("cpu")),
        images=data.train.images,
        n_classes=data.n_classes,
        data_key=data.key,
        l0=step.metrics["sae/l0"],
    )


def sae_control(name: str, trained: Trained) -> FeatureModel:
    control = build_control(name, trained)
    assert isinstance(control, FeatureModel)
    return control


def test_every_member_has_a_rung_of_its_own() -> None:
    rungs = [TRAINED_RUNG, *(rung_of(name) for name in SCORED)]
    assert rungs == list(range(1, LAST_RUNG + 1))


def test_neurons_lose_nothing(trained: Trained, test_data: ImageData) -> None:
    metrics = score("identity", trained, test_data, score_parts=PARTS, seed=0)
    assert metrics["sae/fvu"] == 0
    assert metrics["splice/accuracy_drop"] == 0
    assert metrics["splice/ce_recovered"] == pytest.approx(1)
    h = in_batches(trained.model.classifier.hidden, test_data.val.images)
    assert metrics["sae/l0"] == pytest.approx(float((h > 0).sum(1).double().mean()))


def test_signed_components_are_sklearns_pca(trained: Trained) -> None:
    h = in_batches(trained.model.classifier.hidden, trained.images)
    control = SignedComponents(trained.model, h, 5)
    u, z = control.encode(h)
    assert z.shape == (len(h), 10)
    assert (z >= 0).all()
    assert torch.equal((z > 0).sum(1), torch.full((len(h),), 5))
    oracle = PCA(5, svd_solver="full").fit(h.double().numpy())
    expected = oracle.inverse_transform(oracle.transform(h.double().numpy()))
    assert torch.allclose(control.decode(z).double(), torch.from_numpy(expected), atol=1e-4)
    assert fvu(h, control.decode(z)) == pytest.approx(1 - oracle.explained_variance_ratio_.sum(), abs=1e-4)
    assert torch.equal(u.relu(), z)


def test_signed_components_explain_a_planted_plane_exactly(trained: Trained) -> None:
    draw = generator(0)
    h = torch.randn(200, 2, generator=draw) @ torch.randn(2, 16, generator=draw) + 3.0
    control = SignedComponents(trained.model, h, 2)
    assert fvu(h, control.decode(control.encode(h)[1])) < 1e-9


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (7, 7), (99, 16)])
def test_components_stay_within_what_there_is(trained: Trained, asked: int, given: int) -> None:
    h = in_batches(trained.model.classifier.hidden, trained.images)
    assert SignedComponents(trained.model, h, asked).encode(h)[1].shape[1] == 2 * given


def test_pca_has_the_l0_of_the_pipeline(trained: Trained) -> None:
    h = in_batches(trained.model.classifier.hidden, trained.images)
    assert l0(build_control("pca", trained).encode(h)[1]) == pytest.approx(round(trained.l0))


def test_a_random_dictionary_keeps_its_first_directions_and_learns_the_rest(trained: Trained) -> None:
    y = trained.model.basis.encode(in_batches(trained.model.classifier.hidden, trained.images))
    first = train_sae(CONFIG.sae, y, epochs=0, seed=trained.stages.seed("sae"), device="cpu").sae
    control = sae_control("random_dictionary", trained).sae
    assert torch.allclose(control.decoder, first.decoder, atol=1e-6)
    assert not torch.allclose(trained.model.sae.decoder, first.decoder, atol=1e-2)
    assert not torch.allclose(control.encoder, first.encoder, atol=1e-2)


def test_learning_the_dictionary_pays(trained: Trained) -> None:
    h = in_batches(trained.model.classifier.hidden, trained.images)

    def unexplained(model: FeatureModel) -> float:
        return fvu(h, model.decode(model.encode(h)[1]))

    assert unexplained(trained.model) < unexplained(sae_control("random_dictionary", trained))


def test_the_untrained_control_knows_no_digit(trained: Trained, test_data: ImageData) -> None:
    control = sae_control("untrained", trained)
    images, labels = test_data.val.images, test_data.val.labels
    assert accuracy(control.head(control.hidden(images)), labels) < 0.3
    assert accuracy(trained.model.head(trained.model.hidden(images)), labels) > 0.5
    again = sae_control("untrained", trained)
    for name, tensor in control.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


def test_a_twin_differs_in_its_sae_alone_and_is_not_the_same_dictionary(
    trained: Trained, test_data: ImageData
) -> None:
    other = twin(trained)
    assert other.classifier is trained.model.classifier
    assert other.basis is trained.model.basis
    assert not torch.equal(other.sae.decoder, trained.model.sae.decoder)
    found = score("pipeline", trained, test_data, score_parts=PARTS, seed=0)
    assert 0 < found["stability/pw_mcc_null"] < 1
    assert 0 < found["stability/pw_mcc"] < 1


def test_controls_come_from_the_cache_unchanged(tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    cached = train(cache)
    first = {name: sae_control(name, cached).state_dict() for name in ("random_dictionary", "untrained")}
    misses = cache.misses.total()
    for name, tensors in first.items():
        again = sae_control(name, cached).state_dict()
        assert all(torch.equal(tensor, again[key]) for key, tensor in tensors.items())
    assert cache.misses.total() == misses


def test_all_saes_of_a_scoring_can_be_trained_before_it(tmp_path: Path, trained: Trained) -> None:
    def refuse(_requests: Sequence[SaeRequest], _device: torch.device) -> list[SaeOutcome]:
        raise AssertionError("was trained again")

    cached = train(StageCache(tmp_path))
    train_ahead(cached.stages, sae_tasks(cached))
    ready = replace(cached, stages=replace(cached.stages, train_saes=refuse))
    models = [
        (sae_control(name, ready), sae_control(name, trained)) for name in ("random_dictionary", "untrained")
    ]
    for model, expected in [*models, (twin(ready), twin(trained))]:
        own = expected.sae.state_dict()
        assert all(torch.equal(tensor, own[name]) for name, tensor in model.sae.state_dict().items())


def test_controls_over_one_classifier_share_its_references(tmp_path: Path, test_data: ImageData) -> None:
    cache = StageCache(tmp_path)
    cached = train(cache)
    alone = score("pca", cached, test_data, score_parts=PARTS, seed=7)
    misses = cache.misses.total()
    score("identity", cached, test_data, score_parts=PARTS, seed=7)
    assert cache.misses.total() == misses
    assert score("pca", train(None), test_data, score_parts=PARTS, seed=7) == alone
    score("untrained", cached, test_data, score_parts=PARTS, seed=7)
    # Its basis and its SAE, and the three sets of references, which are not the trained classifier's.
    assert cache.misses.total() == misses + 5


@pytest.mark.parametrize("name", SCORED)
def test_the_full_set_is_finite_known_and_repeats(trained: Trained, test_data: ImageData, name: str) -> None:
    metrics = score(name, trained, test_data, score_parts=PARTS, seed=7)
    assert set(metrics) <= set(METRICS)
    wanted = {metric for metric, info in METRICS.items() if info.when in ("epoch", "rung", "final")}
    assert wanted <= set(metrics)
    assert ("stability/pw_mcc" in metrics) == (name == "pipeline")
    assert metrics == score(name, trained, test_data, score_parts=PARTS, seed=7)


def test_identity_is_a_model_as_the_metrics_want_it(trained: Trained) -> None:
    control = build_control("identity", trained)
    assert isinstance(control, Neurons)
    assert CONTROLS[0] == "identity"

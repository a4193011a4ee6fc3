"""Targets against a slow loop, clusters against planted ones, units to revive against hand-made ones."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from trainables import registry
from trainables.classifier.recycling import dead_units, entangled_units, revive, units_to_revive
from trainables.classifier.targets import code_targets
from trainables.config import TrialConfig
from trainables.data.dataset import TensorSplit
from trainables.losses.cosine_target import CosineTarget, cosine_distance
from trainables.model.feature_model import FeatureModel
from trainables.networks.network import build_network
from trainables.seeds import generator
from trainables.settings.classifier import ConvClassifierConfig, MlpClassifierConfig
from trainables.settings.loop import SaeCeptionLoopConfig

SHAPE, CLASSES = (6, 6), 3


@pytest.fixture(scope="module")
def train() -> TensorSplit:
    images = torch.rand(40, *SHAPE, generator=generator(1))
    return TensorSplit(images, torch.arange(40) % CLASSES)


@pytest.fixture(scope="module")
def features() -> FeatureModel:
    trial = TrialConfig.model_validate(
        {"classifier": {"kind": "mlp", "hidden_size": 8}, "sae": {"kind": "relu", "width": 12}}
    )
    classifier = build_network(trial.classifier, SHAPE, CLASSES, generator(2))
    basis = registry.BASES["raw"].load_implementation()(trial.basis, 8)
    sae = registry.SAES["relu"].load_implementation()(trial.sae, 8)
    sae.initialise(torch.rand(40, 8, generator=generator(3)), generator(4))
    return FeatureModel(classifier, basis, sae).requires_grad_(False)


def targets_of(features: FeatureModel, train: TensorSplit, kind: str, seed: int = 0) -> Tensor:
    loop = SaeCeptionLoopConfig.model_validate({"targets": kind, "top": 4, "clusters": 5})
    return code_targets(loop, features, train, CLASSES, seed)


def slow_target(features: FeatureModel, train: TensorSplit, image: int, *, mean: bool) -> Tensor:
    """One image's target, latent by latent."""
    codes = features.encode(features.hidden(train.images))[1]
    own = [z for z, y in zip(codes, train.labels, strict=True) if y == train.labels[image]]
    means = [sum(float(z[f]) for z in own) / len(own) for f in range(codes.shape[1])]
    kept = sorted(range(len(means)), key=lambda f: -means[f])[:4]
    code = torch.zeros(codes.shape[1])
    for f in kept:
        code[f] = means[f] if mean else codes[image, f]
    return features.decode(code[None])[0]


@pytest.mark.parametrize(("kind", "mean"), [("masked_code", False), ("class_mean", True)])
def test_class_targets_agree_with_a_slow_loop(
    features: FeatureModel, train: TensorSplit, kind: str, mean: bool
) -> None:
    targets = targets_of(features, train, kind)
    for image in (0, 1, 2, 17, 39):
        torch.testing.assert_close(targets[image], slow_target(features, train, image, mean=mean))


def test_cluster_targets_do_not_look_at_labels(features: FeatureModel, train: TensorSplit) -> None:
    shuffled = TensorSplit(train.images, train.labels.flip(0))
    a, b = (targets_of(features, split, "cluster_mean") for split in (train, shuffled))
    assert torch.equal(a, b)
    assert len(a.unique(dim=0)) == 5


def test_random_targets_are_unit_vectors_that_follow_the_seed_alone(
    features: FeatureModel, train: TensorSplit
) -> None:
    a = targets_of(features, train, "random")
    torch.testing.assert_close(a.norm(dim=1), torch.ones(len(train)))
    assert torch.equal(a, targets_of(features, train, "random"))
    assert not torch.equal(a, targets_of(features, train, "random", seed=1))
    # No class has a direction of its own: means of 13 random vectors are short.
    means = torch.stack([a[train.labels == c].mean(0) for c in range(CLASSES)])
    assert float(means.norm(dim=1).max()) < 0.6


def test_more_latents_asked_for_than_there_are_keeps_all(features: FeatureModel, train: TensorSplit) -> None:
    loop = SaeCeptionLoopConfig(targets="masked_code", top=100)
    whole = features.decode(features.encode(features.hidden(train.images))[1])
    torch.testing.assert_close(code_targets(loop, features, train, CLASSES, 0), whole)


def test_cosine_distance_by_hand_and_by_finite_differences() -> None:
    h, t = (
        torch.tensor([[1.0, 0.0], [3.0, 4.0], [0.0, 2.0]]),
        torch.tensor([[2.0, 0.0], [0.0, 1.0], [0.0, -1.0]]),
    )
    assert float(cosine_distance(h, t)) == pytest.approx((0 + 0.2 + 2) / 3)
    hidden = torch.rand(5, 4, dtype=torch.float64, generator=generator(0)).requires_grad_()
    targets = torch.randn(5, 4, dtype=torch.float64, generator=generator(1))
    assert torch.autograd.gradcheck(lambda x: cosine_distance(x, targets), hidden)


def test_silence_has_a_bounded_gradient() -> None:
    hidden = torch.zeros(2, 3, requires_grad=True)
    cosine_distance(hidden, torch.ones(2, 3)).backward()
    assert hidden.grad is not None
    assert float(hidden.grad.abs().max()) <= 1e3


def test_targets_are_computed_once_and_only_if_needed() -> None:
    asked: list[int] = []

    def compute() -> Tensor:
        asked.append(1)
        return torch.ones(3, 2)

    guide = CosineTarget(2.0, compute)
    assert asked == []
    value = guide(torch.tensor([[0.0, 0.0], [1.0, 1.0]]), torch.tensor([0, 2]))
    assert float(value) == pytest.approx(1.0, abs=1e-6)
    guide(torch.ones(1, 2), torch.tensor([1]))
    assert asked == [1]


def test_units_to_revive_by_hand() -> None:
    labels = torch.arange(60) % 3
    selective = (labels == 1).float() + 0.1 * torch.rand(60, generator=generator(0))
    noise = torch.rand(60, generator=generator(1))
    hidden = torch.stack([selective, torch.zeros(60), noise, selective + 0.1, torch.full((60,), 0.5)], 1)
    assert dead_units(hidden).tolist() == [False, True, False, False, False]
    assert entangled_units(hidden, labels, 3).tolist() == [False, False, True, False, False]
    both = units_to_revive("both", hidden, labels, 3)
    assert both.tolist() == [False, True, True, False, False]
    assert not units_to_revive("none", hidden, labels, 3).any()
    assert not entangled_units(torch.zeros(60, 2), labels, 3).any()


@pytest.mark.parametrize(
    "config", [MlpClassifierConfig(hidden_size=8, depth=2), ConvClassifierConfig(hidden_size=8, channels=2)]
)
def test_reviving_changes_those_units_alone(config: MlpClassifierConfig | ConvClassifierConfig) -> None:
    network, before, fresh = (build_network(config, SHAPE, CLASSES, generator(seed)) for seed in (0, 0, 1))
    units = torch.arange(8) % 3 == 0
    images = torch.rand(10, *SHAPE, generator=generator(5))
    revive(network, units, fresh)
    h, old = network.hidden(images), before.hidden(images)
    assert torch.equal(h[:, ~units], old[:, ~units])
    assert not torch.equal(h[:, units], old[:, units])
    torch.testing.assert_close(network.head(h), before.head(old * ~units))

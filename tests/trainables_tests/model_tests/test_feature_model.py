from __future__ import annotations

import pytest
import torch

from trainables import registry
from trainables.bases.basis import Basis
from trainables.config import KINDS, TrialConfig
from trainables.model.feature_model import FeatureModel, load_feature_model
from trainables.networks.network import build_network
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.seeds import generator
from trainables.settings.classifier import ConvClassifierConfig, MlpClassifierConfig

N_CLASSES = 4


def images(side: int, n: int = 40) -> torch.Tensor:
    return torch.rand(n, side, side, generator=generator(1))


def config_of(classifier: str, basis: str, sae: str) -> TrialConfig:
    sections = {
        "classifier": {"kind": classifier, **({"hidden_size": 12} if classifier in ("mlp", "conv") else {})},
        "basis": {"kind": basis},
        "sae": {"kind": sae},
    }
    if "components" in KINDS["basis"][basis].model_fields:
        sections["basis"]["components"] = 6
    sections["sae"]["width"] = 20
    return TrialConfig.model_validate(sections)


def build(config: TrialConfig, side: int) -> FeatureModel:
    network = build_network(config.classifier, (side, side), N_CLASSES, generator(0))
    h = network.hidden(images(side)).detach()
    basis: Basis = config.basis.load_implementation().fit(h, config.basis, 0)
    sae: SparseAutoencoder = config.sae.load_implementation()(config.sae, basis.rank)
    sae.initialise(basis.encode(h), generator(2))
    return FeatureModel(network, basis, sae).eval()


# Every basis under every SAE, and every classifier under one of each; more would only repeat these.
COMBINATIONS = [("mlp", basis, sae) for basis in registry.BASES for sae in registry.SAES] + [
    (classifier, "pca_variance", "topk") for classifier in registry.CLASSIFIERS
]


@pytest.mark.parametrize("side", [8, 28])
@pytest.mark.parametrize(("classifier", "basis", "sae"), COMBINATIONS)
def test_every_combination_runs_and_is_rebuilt_from_config_and_tensors(
    classifier: str, basis: str, sae: str, side: int
) -> None:
    config = config_of(classifier, basis, sae)
    model = build(config, side)
    again = FeatureModel.from_tensors(config, (side, side), N_CLASSES, model.tensors())
    x = images(side)
    h = model.hidden(x)
    u, z = model.encode(h)
    assert h.shape == (40, model.classifier.hidden_size)
    assert u.shape == z.shape == (40, 20)
    assert (z >= 0).all()
    assert model.decode(z).shape == h.shape
    assert model.head(model.decode(z)).shape == (40, N_CLASSES)
    assert torch.equal(
        again.head(again.decode(again.encode(again.hidden(x))[1])), model.head(model.decode(z))
    )
    assert not any(parameter.requires_grad for parameter in again.parameters())


@pytest.mark.parametrize("basis", registry.BASES)
def test_preactivations_pass_gradients_back_to_the_pixels(basis: str) -> None:
    model = build(config_of("mlp", basis, "topk"), 8)
    x = images(8).requires_grad_()
    model.encode(model.hidden(x))[0].sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


def test_no_codes_reconstruct_the_train_mean_when_the_sae_is_unbiased() -> None:
    config = config_of("mlp", "pca", "relu")
    model = build(config, 8)
    mean = model.hidden(images(8)).mean(0)
    torch.testing.assert_close(model.decode(torch.zeros(1, 20))[0], mean)


def test_tensors_of_another_config_are_refused() -> None:
    model = build(config_of("mlp", "raw", "relu"), 8)
    with pytest.raises(RuntimeError, match="size mismatch"):
        FeatureModel.from_tensors(
            TrialConfig(classifier=MlpClassifierConfig(hidden_size=13)), (8, 8), N_CLASSES, model.tensors()
        )
    with pytest.raises(RuntimeError, match="Missing key"):
        FeatureModel.from_tensors(
            TrialConfig(classifier=ConvClassifierConfig(hidden_size=12)), (8, 8), N_CLASSES, model.tensors()
        )


def test_an_unfinished_trial_s_checkpoint_holds_no_model() -> None:
    with pytest.raises(ValueError, match="rung 1"):
        load_feature_model({"trainer.epoch": torch.tensor(1)}, {"rung": 1})

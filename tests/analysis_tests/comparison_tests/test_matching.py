"""Planted counterparts are found, whatever their order and scale; strangers are told apart from them."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from analysis.comparison.matching import match, same_classifier
from analysis.features.observed import Observed, observe
from tests.trainables_tests.model_tests.test_feature_model import build, config_of
from trainables.data.dataset import Split, load_dataset
from trainables.model.feature_model import FeatureModel

SIZE = 20


@pytest.fixture(scope="module")
def split() -> Split:
    return load_dataset("digits", limit=200).val


def made(sae: str = "relu") -> FeatureModel:
    """Every latent fires on some images: an untrained SAE of random directions."""
    return build(config_of("mlp", "raw", sae), 8).requires_grad_(False)


def reordered(model: FeatureModel, order: torch.Tensor, scale: float = 1.0) -> FeatureModel:
    """The same model with its latents in another order, codes `scale` times as large."""
    other = copy.deepcopy(model)
    sae, old = other.sae, model.sae
    sae.encoder.copy_(old.encoder[:, order] * scale)
    sae.encoder_bias.copy_(old.encoder_bias[order] * scale)
    sae.decoder.copy_(old.decoder[order])
    return other


def shuffled_units(model: FeatureModel, order: torch.Tensor) -> FeatureModel:
    """The same function on images, but every hidden unit in another place."""
    other = copy.deepcopy(model)
    layer, readout = other.classifier.hidden_layer(), other.classifier.readout_layer()
    layer.weight.copy_(layer.weight[order])
    layer.bias.copy_(layer.bias[order])
    readout.weight.copy_(readout.weight[:, order])
    other.sae.encoder.copy_(model.sae.encoder[order])
    other.sae.decoder.copy_(model.sae.decoder[:, order])
    other.sae.decoder_bias.copy_(model.sae.decoder_bias[order])
    for tensor, old in zip(other.basis.buffers(), model.basis.buffers(), strict=True):
        if old.ndim and old.shape[0] == len(order):
            tensor.copy_(old[order])
    return other


def seen(model: FeatureModel, split: Split) -> Observed:
    return observe(model, split)


def test_latents_in_another_order_are_found_by_their_decoder_rows(split: Split) -> None:
    model, order = made(), torch.randperm(SIZE, generator=torch.Generator().manual_seed(3))
    found = match(seen(model, split), seen(reordered(model, order, scale=3.0), split))
    assert found.method == "decoder"
    assert {pair.second: pair.first for pair in found.pairs} == dict(enumerate(order.tolist()))
    assert all(pair.likeness == pytest.approx(1.0, abs=1e-5) for pair in found.pairs)
    assert all(pair.correlation == pytest.approx(1.0, abs=1e-5) for pair in found.pairs)
    assert found.only_first == found.only_second == ()
    assert found.chance_mean < found.threshold < 1


def test_latents_that_only_kept_their_common_start_are_no_pair(split: Split) -> None:
    """Equal decoder rows, but the second side's latents 0 to 4 fire for something else."""
    model = made()
    other = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(8)
    other.sae.encoder[:, :5] = torch.randn(12, 5, generator=generator)
    found = match(seen(model, split), seen(other, split))
    assert found.method == "decoder"
    kept = {pair.first for pair in found.pairs}
    assert all(pair.first == pair.second for pair in found.pairs)
    assert kept >= set(range(5, SIZE))
    assert len(kept & set(range(5))) <= 2  # a direction drawn at random may be a little alike
    assert all(pair.correlation > pair.by_class + found.noise for pair in found.pairs)


def test_another_classifier_is_matched_by_correlation_although_it_has_as_many_units(split: Split) -> None:
    model = made()
    generator = torch.Generator().manual_seed(4)
    other = shuffled_units(model, torch.randperm(12, generator=generator))
    order = torch.randperm(SIZE, generator=generator)
    one, two = seen(model, split), seen(reordered(other, order), split)
    assert not same_classifier(one, two)
    found = match(one, two)
    assert found.method == "correlation"
    assert {pair.second: pair.first for pair in found.pairs} == dict(enumerate(order.tolist()))
    assert all(pair.likeness == pair.correlation == pytest.approx(1.0, abs=1e-4) for pair in found.pairs)


def test_what_has_no_counterpart_is_left_over_and_the_dead_are_counted(split: Split) -> None:
    model = made()
    other = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(5)
    other.sae.decoder[:5] = torch.nn.functional.normalize(torch.randn(5, 12, generator=generator), dim=1)
    other.sae.encoder[:, 19] = 0
    other.sae.encoder_bias[19] = -1
    found = match(seen(model, split), seen(other, split))
    pairs = {(pair.first, pair.second) for pair in found.pairs if pair.likeness > 0.99}
    assert pairs >= {(j, j) for j in range(5, 19)}
    assert found.silent == (0, 1)
    firsts = [pair.first for pair in found.pairs]
    assert sorted([*firsts, *found.only_first]) == list(range(SIZE))
    assert 19 not in {pair.second for pair in found.pairs} | set(found.only_second)


def test_correlations_agree_with_numpy(split: Split) -> None:
    model = made()
    one, two = seen(model, split), seen(reordered(model, torch.arange(SIZE).flip(0)), split)
    z, other = (torch.cat([z for _, z in side.encoded()]).double().numpy() for side in (one, two))
    for pair in match(one, two).pairs:
        oracle = np.corrcoef(z[:, pair.first], other[:, pair.second])[0, 1]
        assert pair.correlation == pytest.approx(oracle, abs=1e-5)


def test_sharing_no_more_than_a_class_is_chance(split: Split) -> None:
    """Codes that are the class plus noise of their own: alike, but no more than by their class."""
    model = made()
    found = match(seen(model, split), seen(build_stranger(), split))
    assert found.method == "correlation"
    assert found.threshold > 0.2
    assert found.chance_mean > 0.1


def build_stranger() -> FeatureModel:
    """Another network of the same shape: no unit of it is any unit of the first."""
    stranger = made()
    generator = torch.Generator().manual_seed(6)
    layer = stranger.classifier.hidden_layer()
    layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator) / 8)
    return stranger


def test_an_sae_without_any_living_latent_matches_nothing(split: Split) -> None:
    model, dead = made(), made()
    dead.sae.encoder.zero_()
    dead.sae.encoder_bias.fill_(-1)
    found = match(seen(model, split), seen(dead, split))
    assert found.pairs == found.only_second == ()
    assert found.silent == (0, SIZE)
    assert found.mean == found.threshold == 0
    with pytest.raises(ValueError, match="same images"):
        match(seen(model, split), seen(model, split.first(10)))

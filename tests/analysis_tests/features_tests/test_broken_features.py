"""Models in which nothing, or nothing finite, is left to look at still give a table and details."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from analysis.features.collect import feature_table
from analysis.features.details import feature_details
from analysis.features.feature import FeatureDetail, FeatureTable
from tests.analysis_tests.features_tests.wired import N_CLASSES, QUICK, config_of, untrained, wired, world
from trainables import registry
from trainables.model.feature_model import FeatureModel

DATA = world()


def look(model: FeatureModel) -> tuple[FeatureTable, list[FeatureDetail]]:
    table = feature_table(model, DATA)
    return table, list(feature_details(model, table, DATA, range(len(table)), inversion=QUICK))


def test_all_dead() -> None:
    model = wired()
    model.sae.encoder.zero_()
    model.sae.encoder_bias.fill_(-1.0)
    table, details = look(model)
    assert table.dead.all()
    assert not table.density.any()
    assert set(table.labels) == {"never fires"}
    assert table.templates.any()
    assert [len(d.top) for d in details] == [0] * len(table)
    assert details[4].by_cosine[0].latent == 5


def test_a_broken_latent_spoils_only_itself() -> None:
    whole, details = look(wired())
    model = wired()
    model.sae.encoder[:, 0] = torch.nan
    table, found = look(model)
    assert table.dead[0]
    assert len(found[0].top) == 0
    for j in range(1, len(table)):
        assert table.purity[j] == pytest.approx(whole.purity[j], nan_ok=True)
        assert table.max_activation[j] == whole.max_activation[j]
        for method, maps in found[j].attributions.items():
            assert maps == pytest.approx(details[j].attributions[method], abs=1e-6)
        assert found[j].effect_ablation == pytest.approx(details[j].effect_ablation)
        others = [n.latent for n in details[j].by_correlation if n.latent != 0]
        assert [n.latent for n in found[j].by_correlation][: len(others)] == others


def test_a_broken_decoder_leaves_what_the_encoder_knows() -> None:
    """0 x NaN is NaN, so that one broken row makes every reconstruction one."""
    whole, details = look(wired())
    model = wired()
    model.sae.decoder[3] = torch.nan
    table, found = look(model)
    assert np.array_equal(table.max_activation, whole.max_activation)
    assert np.array_equal(table.mean_images, whole.mean_images)
    assert np.isnan(table.ablation_effect[1])
    for detail, expected in zip(found, details, strict=True):
        assert detail.by_cosine == ()
        assert np.array_equal(detail.top.rows, expected.top.rows)
        assert np.isfinite(detail.inversions).all()


@pytest.mark.parametrize("broken", ["encoder", "network"])
def test_nothing_but_nan(broken: str) -> None:
    model = wired()
    (model.sae.encoder if broken == "encoder" else model.classifier.hidden_layer().weight).fill_(torch.nan)
    table, details = look(model)
    assert table.dead.all()
    assert all(np.isfinite(d.inversions).all() for d in details)
    assert all(d.class_given_active.tolist() == [0.0] * N_CLASSES for d in details)


@pytest.mark.parametrize("classifier", ["mlp", "conv"])
@pytest.mark.parametrize("sae", registry.SAES)
def test_every_kind_of_model_can_be_looked_at(classifier: str, sae: str) -> None:
    model = untrained(config_of(classifier, sae=sae), DATA.train.images)
    table = feature_table(model, DATA, split="test", class_names=["a", "b", "c", "d"])
    (detail,) = feature_details(model, table, DATA, [2], inversion=QUICK)
    assert table.n_images == 4
    for field in fields(table):
        value = getattr(table, field.name)
        if isinstance(value, np.ndarray):
            assert len(value) == len(table)
            assert field.name.startswith("purity") or np.isfinite(value).all()
    assert detail.effect_ablation == pytest.approx(detail.effect_weights, abs=1e-4)


def test_classes_are_called_what_the_data_call_them() -> None:
    known = replace(DATA, class_names=("a", "b", "c", "d"))
    assert feature_table(wired(), known).class_names == ("a", "b", "c", "d")
    assert feature_table(wired(), known, class_names="wxyz").class_names == ("w", "x", "y", "z")
    assert feature_table(wired(), DATA).class_names == ("0", "1", "2", "3")


def test_what_is_asked_for_wrongly_is_said() -> None:
    model = wired()
    with pytest.raises(ValueError, match="there is no split 'validation'; one of train, val, test"):
        feature_table(model, DATA, split="validation")
    with pytest.raises(ValueError, match="2 class names for 4 classes"):
        feature_table(model, DATA, class_names=["a", "b"])
    table = feature_table(model, DATA)
    with pytest.raises(IndexError, match="there is no latent 10; the model has 10"):
        next(feature_details(model, table, DATA, [10]))
    assert list(feature_details(model, table, DATA, [])) == []


def test_on_train_the_split_is_train_itself() -> None:
    table = feature_table(wired(), DATA, split="train")
    assert table.n_images == len(DATA.train)
    assert table.dead.tolist() == (table.density == 0).tolist()

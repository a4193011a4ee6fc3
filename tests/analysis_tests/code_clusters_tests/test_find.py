"""Planted groups of images come back as clusters, with the latents that make them; noise does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from analysis.code_clusters.find import find_clusters
from analysis.code_clusters.stored_means import stored_means
from analysis.features.observed import Observed, observe
from tests.trainables_tests.model_tests.test_feature_model import build, config_of
from trainables.data.dataset import Split
from trainables.model.feature_model import FeatureModel
from trainables.pipeline.pipeline import MEAN_CODES
from trainables.storage import tensor_folder

KINDS = 6  # classes 0 and 1 of three kinds each


def reader() -> FeatureModel:
    """Latent j < 12 is the light of pixel j: z_j = x_j, written as d_j = 2 e_j; the others are dead."""
    model = build(config_of("mlp", "raw", "relu"), 8).requires_grad_(False)
    layer = model.classifier.hidden_layer()
    layer.weight.zero_()
    layer.bias.zero_()
    layer.weight[:, :12] = torch.eye(12)
    for tensor in (model.sae.encoder, model.sae.decoder, model.sae.encoder_bias, model.sae.decoder_bias):
        tensor.zero_()
    for buffer in model.basis.buffers():
        if buffer.ndim == 1:
            buffer.zero_()
    model.sae.scale.fill_(1.0)
    model.sae.encoder[:12, :12] = torch.eye(12)
    model.sae.decoder[:12] = 2 * torch.eye(12)
    return model


def planted(n: int, seed: int) -> tuple[Split, np.ndarray]:
    """n images: one of six pixels is lit, which says kind and class (kind // 3), over a little noise."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, KINDS, n)
    images = rng.uniform(0, 0.05, (n, 64)).astype(np.float32)
    images[np.arange(n), kinds] = rng.uniform(0.7, 1.0, n).astype(np.float32)
    return Split(images.reshape(n, 8, 8), (kinds // 3).astype(np.int64)), kinds


@pytest.fixture(scope="module")
def seen() -> tuple[Observed, Observed, np.ndarray]:
    train, _ = planted(400, 0)
    val, kinds = planted(120, 1)
    model = reader()
    return observe(model, train), observe(model, val), kinds


def test_the_planted_kinds_of_a_class_come_back_with_their_latents(
    seen: tuple[Observed, Observed, np.ndarray],
) -> None:
    train, val, kinds = seen
    found = find_clusters(train, val, split="val", n_classes=2)
    assert [part.label for part in found.classes] == [0, 1]
    for part in found.classes:
        assert part.silhouette > 0.8
        assert part.is_clear
        assert part.chance <= part.chance_highest < part.silhouette - 0.3
        assert part.distance_share > 0.9
        assert sum(cluster.size for cluster in part.clusters) == part.size
        own = {3 * part.label + place for place in range(3)}
        assert {cluster.mean_code[0].latent for cluster in part.clusters} == own
        for cluster in part.clusters:
            strongest = cluster.mean_code[0]
            assert cluster.size == (kinds == strongest.latent).sum()
            assert set(kinds[cluster.examples.rows]) == {strongest.latent}
            assert strongest.fires_inside == 1.0
            assert strongest.inside == pytest.approx(2 * 0.85, abs=0.1)
            assert strongest.outside == pytest.approx(2 * 0.025, abs=0.02)
            assert cluster.mean_image.flatten()[strongest.latent] > 0.7
            assert cluster.purity == 1.0


def test_clusters_over_all_classes_are_counted_and_held_against_the_classes(
    seen: tuple[Observed, Observed, np.ndarray],
) -> None:
    train, val, _ = seen
    found = find_clusters(train, val, split="val", n_classes=2)
    assert sum(cluster.size for cluster in found.clusters) == found.n_images == 120
    composition = np.sum([cluster.composition for cluster in found.clusters], axis=0)
    assert composition.tolist() == np.bincount(val.labels.numpy()).tolist()
    assert -1 <= found.silhouette <= 1
    assert found.ari <= 1
    assert not found.stored
    distances = found.clusters[0].examples.activations
    assert (np.diff(distances) >= 0).all()


def test_noise_inside_a_class_is_no_more_split_than_chance() -> None:
    rng = np.random.default_rng(5)
    model = reader()

    def noise(n: int) -> Observed:
        images = rng.uniform(0, 1, (n, 8, 8)).astype(np.float32)
        return observe(model, Split(images, np.zeros(n, dtype=np.int64)))

    (only,) = find_clusters(noise(400), noise(150), split="val", n_classes=1).classes
    assert abs(only.silhouette - only.chance) < 0.03
    assert not only.is_clear


def test_the_trials_own_clusters_are_used_where_it_left_them(
    seen: tuple[Observed, Observed, np.ndarray], tmp_path: Path
) -> None:
    train, val, kinds = seen
    means = torch.zeros(2, 3, 20)
    for kind in range(KINDS):
        means[kind // 3, kind % 3, kind] = 0.8
    sizes = torch.tensor([[5, 5, 0], [5, 5, 5]])
    tensor_folder.write(
        tmp_path / MEAN_CODES, {"clusters": means, "cluster_sizes": sizes}, {"identity": "own"}
    )
    assert stored_means(tmp_path, "other", 20) is None
    assert stored_means(tmp_path, "own", 21) is None
    assert stored_means(tmp_path / "nowhere", "own", 20) is None
    stored = stored_means(tmp_path, "own", 20)
    found = find_clusters(train, val, split="val", n_classes=2, stored_means=stored)
    assert found.stored
    first, second = found.classes
    assert len(first.clusters) == 2  # its third had no image
    assert sorted(c.size for c in second.clusters) == sorted(np.bincount(kinds)[3:].tolist())
    (tmp_path / MEAN_CODES / tensor_folder.TENSORS).write_bytes(b"damaged")
    assert stored_means(tmp_path, "own", 20) is None


def test_codes_that_never_fire_and_classes_that_are_not_there() -> None:
    model = reader()
    model.sae.encoder.zero_()
    train, val = (observe(model, planted(n, seed)[0]) for n, seed in ((30, 2), (20, 3)))
    found = find_clusters(train, val, split="val", n_classes=4)
    assert found.ari == 0
    assert found.silhouette == 0
    assert [part.label for part in found.classes] == [0, 1]
    assert all(part.distance_share == 0 for part in found.classes)
    assert all(cluster.mean_code == () for cluster in found.clusters)

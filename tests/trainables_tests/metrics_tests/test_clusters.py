"""k-means, silhouette and Rand index against scikit-learn; clusters of planted codes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score

from trainables import kmeans
from trainables.metrics import clusters


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def blobs(
    n: int, k: int, d: int = 6, spread: float = 0.05, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    labels = torch.arange(n) % k
    centres = torch.rand(k, d, generator=seeded(99))
    return centres[labels] + spread * torch.randn(n, d, generator=seeded(seed)), labels


def test_separate_blobs_are_found() -> None:
    points, labels = blobs(300, 5)
    found = kmeans.kmeans(points, 5, 0)
    assert kmeans.adjusted_rand(found.labels, labels) == 1.0
    assert torch.equal(found.assign(points), found.labels)


def test_as_tight_as_scikit_learns() -> None:
    points = torch.rand(400, 5, generator=seeded(0))
    oracle = KMeans(6, n_init=10, random_state=0).fit(points.numpy())
    assert kmeans.kmeans(points, 6, 0).inertia <= 1.05 * oracle.inertia_


def test_silhouette_and_rand_index_are_scikit_learns() -> None:
    points = torch.rand(150, 4, generator=seeded(0), dtype=torch.float64)
    first = torch.randint(0, 4, (150,), generator=seeded(1))
    second = torch.randint(0, 3, (150,), generator=seeded(2))
    first[0] = 9
    oracle = silhouette_score(points.numpy(), first.numpy())
    assert kmeans.silhouette(points, first) == pytest.approx(oracle, abs=1e-6)
    oracle = adjusted_rand_score(first.numpy(), second.numpy())
    assert kmeans.adjusted_rand(first, second) == pytest.approx(oracle, abs=1e-12)


def test_random_labels_have_no_rand_index() -> None:
    """s.d. of the index of independent labelings of 2,000 points below 0.002."""
    first, second = (torch.randint(0, 10, (2000,), generator=seeded(s)) for s in (0, 1))
    assert abs(kmeans.adjusted_rand(first, second)) < 0.01


def test_planted_codes_cluster_by_class_and_inside_classes() -> None:
    train, kinds = blobs(900, 12, spread=0.02)
    val, val_kinds = blobs(450, 12, spread=0.02, seed=1)
    within = clusters.cluster_scores(train, kinds // 3, val, val_kinds // 3, 4, 0)
    assert within.within_silhouette > 0.7
    whole = clusters.cluster_scores(train, kinds, val, val_kinds, 12, 0)
    assert whole.ari == 1.0
    assert whole.silhouette > 0.7


def test_codes_that_never_fire_score_0() -> None:
    labels = torch.arange(90) % 3
    found = clusters.cluster_scores(torch.zeros(90, 7), labels, torch.zeros(30, 7), labels[:30], 3, 0)
    assert found == clusters.ClusterScores(0.0, 0.0, 0.0)


def test_noise_has_no_rand_index() -> None:
    train, val = torch.rand(600, 8, generator=seeded(0)), torch.rand(400, 8, generator=seeded(1))
    labels = torch.randint(0, 4, (600,), generator=seeded(2))
    assert abs(clusters.cluster_scores(train, labels, val, labels[:400], 4, 0).ari) < 0.03


def test_the_same_seed_gives_the_same_clusters() -> None:
    points = torch.rand(300, 8, generator=seeded(0))
    assert torch.equal(kmeans.kmeans(points, 5, 3).labels, kmeans.kmeans(points, 5, 3).labels)


def test_mean_codes_are_means() -> None:
    codes, kinds = blobs(360, 12, spread=0.01)
    labels = kinds // 3
    found = clusters.mean_codes(codes, torch.ones(6), labels, 5, 0)
    assert found.class_sizes.tolist() == [90, 90, 90, 90, 0]
    assert found.cluster_sizes.sum(dim=1).tolist() == [90, 90, 90, 90, 0]
    for label in range(4):
        torch.testing.assert_close(found.classes[label], codes[labels == label].mean(dim=0))
        means = np.array([codes[kinds == 3 * label + i].mean(dim=0).numpy() for i in range(3)])
        for centre in found.clusters[label].numpy():
            assert np.abs(means - centre).max(axis=1).min() < 1e-4
    assert not found.classes[4].any()
    assert set(found.tensors()) == {"classes", "class_sizes", "clusters", "cluster_sizes"}


def test_a_class_of_few_images_is_one_cluster() -> None:
    found = clusters.mean_codes(
        torch.rand(2, 4, generator=seeded(0)), torch.ones(4), torch.tensor([0, 0]), 1, 0
    )
    assert found.cluster_sizes.tolist() == [[2, 0, 0]]
    torch.testing.assert_close(found.clusters[0, 0], found.classes[0])


def test_one_start_finds_planted_clusters_too() -> None:
    centres = 10 * torch.eye(4)
    noise = torch.randn(100, 4, generator=torch.Generator().manual_seed(0))
    found = kmeans.kmeans(centres.repeat_interleave(25, 0) + 0.1 * noise, 4, 1, starts=1).labels.reshape(
        4, 25
    )
    assert all(len(group.unique()) == 1 for group in found)
    assert len(found[:, 0].unique()) == 4


def test_equal_points_are_one_cluster() -> None:
    assert kmeans.kmeans(torch.ones(10, 3), 4, 0, starts=1).labels.unique().numel() == 1

"""CSI, F1 and monosemanticity: planted latents, loops from the definitions, density-matched nulls."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import f1_score

from trainables.metrics import selectivity_nulls as nulls
from trainables.metrics import selectivity_statistics as selectivity


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def world(n: int = 600, d: int = 12, classes: int = 4) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Activations with a class structure, labels, unit embeddings."""
    labels = torch.randint(0, classes, (n,), generator=seeded(0))
    h = (torch.randn(classes, d, generator=seeded(1))[labels] + torch.randn(n, d, generator=seeded(2))).relu()
    embedding = F.normalize(
        torch.randn(classes, 6, generator=seeded(3))[labels] + torch.randn(n, 6, generator=seeded(4)), dim=1
    )
    return h, labels, embedding


def test_one_latent_per_class_is_perfect() -> None:
    labels = torch.arange(40) % 4
    codes = F.one_hot(labels, 4).float() * 2.5
    found = selectivity.statistics(codes, labels, 4, F.one_hot(labels, 4).float())
    for name in selectivity.STATISTICS:
        torch.testing.assert_close(found[name], torch.ones(4, dtype=torch.float64))


def test_dead_and_constant_latents() -> None:
    labels = torch.arange(40) % 4
    codes = torch.stack([torch.zeros(40), torch.full((40,), 3.0)], dim=1)
    found = selectivity.statistics(codes, labels, 4, F.one_hot(labels, 4).float())
    assert found["csi"].tolist() == [0, 0]
    assert found["f1"].tolist() == pytest.approx([0, 2 * 10 / 50])
    # Of all pairs, 4 * 45 of 780 are of one class.
    assert found["monosemanticity"].tolist() == pytest.approx([0, 180 / 780], rel=1e-5)


def test_agrees_with_slow_loops_from_the_definitions() -> None:
    h, labels, embedding = world(120)
    codes = (h - 1.2).relu()
    found = selectivity.statistics(codes, labels, 4, embedding)
    a, e, y = codes.double().numpy(), embedding.double().numpy(), labels.numpy()
    for j in range(codes.shape[1]):
        means = np.array([a[y == c, j].mean() for c in range(4)])
        top, rest = means.max(), np.delete(means, means.argmax()).mean()
        assert float(found["csi"][j]) == pytest.approx((top - rest) / (top + rest), rel=1e-5)
        best = max(f1_score(y == c, a[:, j] > 0) for c in range(4))
        assert float(found["f1"][j]) == pytest.approx(best, rel=1e-9)
        scaled = (a[:, j] - a[:, j].min()) / (a[:, j].max() - a[:, j].min())
        pairs = [(n, m) for n in range(120) for m in range(n)]
        weight = np.array([scaled[n] * scaled[m] for n, m in pairs])
        alike = np.array([e[n] @ e[m] for n, m in pairs])
        assert float(found["monosemanticity"][j]) == pytest.approx(
            (weight * alike).sum() / weight.sum(), abs=1e-5
        )


def test_permuting_and_rescaling_latents_changes_nothing() -> None:
    h, labels, embedding = world()
    codes = (h - 1).relu()
    plain = selectivity.statistics(codes, labels, 4, embedding)
    order = torch.randperm(codes.shape[1], generator=seeded(7))
    scale = 2.0 ** torch.arange(-6, 6)
    changed = selectivity.statistics((codes * scale)[:, order], labels, 4, embedding)
    for name in selectivity.STATISTICS:
        torch.testing.assert_close(changed[name], plain[name][order], rtol=1e-5, atol=1e-6)


def test_pixel_embedding_is_scikit_learns_pca() -> None:
    from sklearn.decomposition import PCA

    images = torch.rand(200, 8, 8, generator=seeded(0))
    found = selectivity.pixel_embedding(images)
    scores = PCA(50, svd_solver="full").fit_transform(images.flatten(1).double().numpy())
    scores /= np.linalg.norm(scores, axis=1, keepdims=True)
    np.testing.assert_allclose((found @ found.T).numpy(), scores @ scores.T, atol=1e-4)


def test_random_directions_at_any_density_have_no_skill() -> None:
    """300 fresh directions at densities of 2 to 80 % against 512. s.d. of a value at most 0.2, room at least
    0.15 (CSI), so the s.e. of a skill is below 0.1 and typically 0.03; 0.12 allowed."""
    h, labels, embedding = world(1500)
    random = F.normalize(torch.randn(512, 12, generator=seeded(5)), dim=1)
    curves = nulls.matched_curves(h, labels, 4, embedding, random)
    fresh = F.normalize(torch.randn(300, 12, generator=seeded(6)), dim=1)
    projected = (h - h.mean(dim=0)) @ fresh.T
    counts = torch.randint(30, 1200, (300,), generator=seeded(7))
    codes = (projected - projected.sort(dim=0, descending=True).values.gather(0, counts[None])).relu()
    assert torch.equal((codes > 0).sum(dim=0), counts)
    found = selectivity.statistics(codes, labels, 4, embedding)
    for name in selectivity.STATISTICS:
        assert abs(nulls.matched(found[name], counts, curves[name], len(h)).skill) < 0.12, name


def test_thresholding_alone_raises_csi_and_the_null_with_it() -> None:
    h, labels, embedding = world(1500)
    random = F.normalize(torch.randn(128, 12, generator=seeded(5)), dim=1)
    curve = nulls.matched_curves(h, labels, 4, embedding, random)["csi"]
    assert curve[0] > curve[-1] + 0.3


def test_interpolation_is_exact_on_the_grid_linear_between_and_flat_beyond() -> None:
    grid = torch.tensor([10, 100, 1000])
    curve = torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64)
    at = nulls.at_counts(curve, grid, torch.tensor([1, 10, 100, 316, 1000, 5000]))
    assert at.tolist() == pytest.approx([0, 0, 1, 2, 3, 3], abs=1e-3)


def test_without_a_judged_latent_the_value_is_the_null() -> None:
    curve = torch.tensor([0.2, 0.4], dtype=torch.float64)
    found = nulls.matched(torch.ones(3), torch.tensor([0, 3, 9]), curve, 12)
    assert found.value == found.null
    assert found.skill == 0


@pytest.mark.parametrize("n", [3, 11, 12, 40])
def test_few_images_have_a_grid_too(n: int) -> None:
    h, labels, embedding = world(n)
    curves = nulls.matched_curves(h, labels, 4, embedding, torch.eye(12))
    assert all(
        torch.isfinite(curve).all() and len(curve) == len(nulls.firing_grid(n)) for curve in curves.values()
    )

"""The monosemanticity score against its double sum, a planted unit and chance."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from tests.trainables_tests.losses_tests.small_batches import batch, mlp, setup
from trainables.losses.monosemanticity import Monosemanticity, monosemanticity, pixel_embedding
from trainables.seeds import generator


def by_pairs(hidden: np.ndarray, embedding: np.ndarray) -> list[float]:
    """The published double sum, pair by pair."""
    scores = []
    for unit in hidden.T:
        a = (unit - unit.min()) / (unit.max() - unit.min())
        pairs = [(n, m) for m in range(len(a)) for n in range(m)]
        similar = sum(a[n] * a[m] * (embedding[n] @ embedding[m]) for n, m in pairs)
        scores.append(similar / sum(a[n] * a[m] for n, m in pairs))
    return scores


def test_linear_time_form_is_the_double_sum() -> None:
    hidden = torch.rand(30, 5, generator=generator(0), dtype=torch.float64)
    embedding = torch.nn.functional.normalize(
        torch.randn(30, 4, generator=generator(1), dtype=torch.float64), dim=1
    )
    expected = by_pairs(hidden.numpy(), embedding.numpy())
    assert monosemanticity(hidden, embedding).tolist() == pytest.approx(expected)


def test_a_unit_for_one_kind_of_image_scores_1_and_a_random_one_about_0() -> None:
    kind = torch.arange(400) % 4
    embedding = torch.eye(4, dtype=torch.float64)[kind] - 0.25
    embedding = torch.nn.functional.normalize(embedding, dim=1)
    planted = (kind == 2).double()
    chance = torch.rand(400, generator=generator(0), dtype=torch.float64)
    found = monosemanticity(torch.stack([planted, chance], dim=1), embedding)
    assert found[0].item() == pytest.approx(1)
    assert abs(found[1].item()) < 0.02


def test_units_that_say_nothing_take_the_null() -> None:
    embedding = torch.ones(6, 1, dtype=torch.float64)
    silent, constant, single = torch.zeros(6), torch.ones(6), torch.tensor([0.0, 0, 3, 0, 0, 0])
    hidden = torch.stack([silent, constant, single], dim=1).double().requires_grad_()
    score = monosemanticity(hidden, embedding)
    assert score.tolist() == [0, 0, 0]
    score.sum().backward()
    assert hidden.grad is not None
    assert hidden.grad.isfinite().all()


def test_the_embedding_is_centred_pca() -> None:
    images = torch.rand(80, 8, 8, generator=generator(0))
    expected = PCA(50).fit_transform(images.flatten(1).double().numpy())
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    found = pixel_embedding(images).double()
    torch.testing.assert_close(found @ found.t(), torch.tensor(expected @ expected.T), rtol=0, atol=1e-5)


def test_the_loss_looks_the_images_up_by_their_rows() -> None:
    images = torch.rand(40, 8, 8, generator=generator(0), dtype=torch.float64)
    loss = Monosemanticity(setup(images=images))
    given = batch(mlp(), images[:12])
    expected = 1 - monosemanticity(given.hidden, pixel_embedding(images)[:12]).mean()
    assert loss(given).item() == pytest.approx(expected.item())
    assert loss.state_dict() == {}

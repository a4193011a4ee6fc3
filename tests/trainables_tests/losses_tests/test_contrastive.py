"""The contrastive losses against their formula, written out in loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.trainables_tests.losses_tests.small_batches import batch, mlp, setup
from trainables.data.stroke_mask import stroke_mask
from trainables.losses.contrastive import Contrastive, contrast, cosines
from trainables.losses.digit_views import digit_view
from trainables.seeds import generator


def by_formula(vectors: np.ndarray, groups: list[int], temperature: float) -> float:
    r = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    total = 0.0
    for i in range(len(r)):
        others = [a for a in range(len(r)) if a != i]
        below = sum(math.exp(r[i] @ r[a] / temperature) for a in others)
        positives = [p for p in others if groups[p] == groups[i]]
        total -= sum(math.log(math.exp(r[i] @ r[p] / temperature) / below) for p in positives) / len(
            positives
        )
    return total / len(r)


@pytest.mark.parametrize("temperature", [0.07, 0.5])
def test_contrast_is_its_formula(temperature: float) -> None:
    vectors = torch.randn(12, 5, generator=generator(0), dtype=torch.float64)
    groups = [0, 1, 0, 2, 2, 1, 0, 0, 1, 2, 0, 1]
    found = contrast(cosines(vectors) / temperature, torch.tensor(groups))
    assert found.item() == pytest.approx(by_formula(vectors.numpy(), groups, temperature))


def test_who_sees_no_difference_pays_the_logarithm_of_the_others() -> None:
    groups = torch.tensor([0, 0, 1, 1, 2, 2])
    assert contrast(torch.zeros(6, 6, dtype=torch.float64), groups).item() == pytest.approx(math.log(5))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_loss_mixes_class_and_image(share: float) -> None:
    network = mlp()
    given = batch(network)
    loss = Contrastive(setup(contrastive_supcon_share=share, contrastive_on="hidden"))
    draws = generator(3)
    views = torch.cat([digit_view(given.images, given.mask, draws) for _ in range(2)])
    hidden = network.hidden(views).detach().numpy()
    by_class, by_image = [*given.labels.tolist()] * 2, [*range(12)] * 2
    expected = share * by_formula(hidden, by_class, 0.1) + (1 - share) * by_formula(hidden, by_image, 0.1)
    assert loss(given).item() == pytest.approx(expected)


def test_the_projection_is_the_loss_s_own() -> None:
    projected = Contrastive(setup(contrastive_on="projection"))
    assert set(projected.state_dict()) == {f"projection.{n}.{p}" for n in (0, 2) for p in ("weight", "bias")}
    assert Contrastive(setup(contrastive_on="hidden")).state_dict() == {}
    assert projected.double()(batch(mlp())).item() > 0


def test_silent_units_and_classes_of_one_are_harmless() -> None:
    network = mlp()
    with torch.no_grad():
        network.pixel_weights().fill_(-1)
    given = batch(network, stroke_mask(batch(network).images)[:3].double())
    value = Contrastive(setup(contrastive_on="hidden"))(given)
    value.backward()
    assert value.item() == pytest.approx(math.log(5))
    assert all(p.grad is None or bool(p.grad.isfinite().all()) for p in network.parameters())

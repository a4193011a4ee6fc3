"""Penalties on the first weights against sums written out."""

from __future__ import annotations

import math

import pytest
import torch

from tests.trainables_tests.losses_tests.small_batches import batch, mlp
from trainables.losses.first_layer_distance_l1 import first_layer_distance_l1, unit_places
from trainables.losses.first_layer_group_lasso import first_layer_group_lasso
from trainables.losses.first_layer_tv import first_layer_tv
from trainables.networks.mlp import Mlp


def with_weights(weights: torch.Tensor) -> Mlp:
    network = mlp(len(weights))
    with torch.no_grad():
        network.pixel_weights().copy_(weights)
    return network


def test_total_variation_is_its_sum() -> None:
    network = mlp()
    w = network.pixel_weights().detach().numpy()
    expected = 0.0
    for unit in w:
        for y in range(8):
            for x in range(8):
                expected += abs(unit[y + 1, x] - unit[y, x]) if y < 7 else 0
                expected += abs(unit[y, x + 1] - unit[y, x]) if x < 7 else 0
    assert first_layer_tv(batch(network)).item() == pytest.approx(expected / len(w))


def test_a_plain_template_has_no_variation_and_a_square_its_outline() -> None:
    square = torch.zeros(4, 8, 8, dtype=torch.float64)
    assert first_layer_tv(batch(with_weights(square + 0.3))).item() == 0
    square[:, 2:5, 3:6] = 1
    assert first_layer_tv(batch(with_weights(square))).item() == 12


def test_group_lasso_is_the_norms_of_pixels() -> None:
    network = mlp()
    w = network.pixel_weights().detach().numpy()
    expected = sum(math.sqrt(sum(w[j, y, x] ** 2 for j in range(6))) for y in range(8) for x in range(8))
    assert first_layer_group_lasso(batch(network)).item() == pytest.approx(expected / math.sqrt(6))


def test_group_lasso_is_harmless_at_pixels_that_are_0() -> None:
    network = mlp()
    network.zero_pixels(torch.ones(8, 8, dtype=torch.bool))
    first_layer_group_lasso(batch(network)).backward()
    (weight,) = network.first_weights()
    assert weight.grad is not None
    assert not weight.grad.any()


def test_distance_l1_is_weight_times_way() -> None:
    network = mlp(6)
    w, places = network.pixel_weights().detach().numpy(), unit_places(6, 8, 8).numpy()
    expected = sum(
        abs(w[j, y, x]) * math.dist((y, x), places[j]) for j in range(6) for y in range(8) for x in range(8)
    )
    assert first_layer_distance_l1(batch(network)).item() == pytest.approx(expected / 6 / math.hypot(8, 8))


def test_units_stand_on_a_grid_over_the_whole_image() -> None:
    assert unit_places(4, 8, 8).tolist() == [[1.5, 1.5], [1.5, 5.5], [5.5, 1.5], [5.5, 5.5]]
    places = unit_places(10, 28, 20)
    assert places.unique(dim=0).shape == (10, 2)
    assert (places >= 0).all()
    assert (places <= torch.tensor([27, 19])).all()
    # A weight at its own unit's place is free.
    weights = torch.zeros(64, 8, 8, dtype=torch.float64)
    weights.view(64, 64).fill_diagonal_(1)
    assert first_layer_distance_l1(batch(with_weights(weights))).item() == 0

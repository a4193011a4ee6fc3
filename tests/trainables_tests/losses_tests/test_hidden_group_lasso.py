"""Group sparsity of the hidden layer."""

from __future__ import annotations

import math

import pytest
import torch

from tests.trainables_tests.losses_tests.small_batches import batch, mlp, setup
from trainables.losses.hidden_group_lasso import HiddenGroupLasso


def test_it_is_the_mean_norm_of_groups_also_of_an_incomplete_one() -> None:
    given = batch(mlp(6))
    h = given.hidden.detach().numpy()
    norms = [math.sqrt((row[a:b] ** 2).sum()) for row in h for a, b in ((0, 4), (4, 6))]
    expected = sum(norms) / len(norms) / 2
    assert HiddenGroupLasso(setup(hidden_group_size=4))(given).item() == pytest.approx(expected)


def test_one_group_is_cheaper_than_the_same_energy_in_many() -> None:
    loss, network = HiddenGroupLasso(setup(8)), mlp(8)
    together, apart = torch.zeros(2, 12, 8, dtype=torch.float64)
    together[:, :2] = 1
    apart[:, [0, 4]] = 1
    assert loss(batch(network, hidden=together)) < loss(batch(network, hidden=apart))


def test_silence_costs_nothing_and_has_a_gradient() -> None:
    hidden = torch.zeros(12, 8, dtype=torch.float64, requires_grad=True)
    value = HiddenGroupLasso(setup(8))(batch(mlp(8), hidden=hidden))
    value.backward()
    assert value.item() == 0
    assert hidden.grad is not None
    assert not hidden.grad.any()

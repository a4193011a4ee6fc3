"""k-winners-take-all."""

from __future__ import annotations

import torch

from trainables.networks.k_winners import k_winners
from trainables.networks.network import build_network
from trainables.seeds import generator
from trainables.settings.classifier import ConvClassifierConfig, MlpClassifierConfig


def test_the_strongest_stay_as_they_are() -> None:
    given = torch.tensor([[3.0, 1, 2, 0], [0, 0, 5, 0]])
    assert k_winners(given, 2).tolist() == [[3, 0, 2, 0], [0, 0, 5, 0]]
    assert k_winners(given, 0) is given
    assert k_winners(given, 4) is given


def test_ties_leave_no_more_than_k() -> None:
    assert (k_winners(torch.ones(3, 6), 2) > 0).sum(dim=1).tolist() == [2, 2, 2]


def test_only_winners_learn() -> None:
    given = torch.tensor([[3.0, 1, 2, 0]], requires_grad=True)
    k_winners(given, 2).square().sum().backward()
    assert given.grad is not None
    assert given.grad.tolist() == [[6, 0, 4, 0]]


def test_networks_hidden_layers_are_the_winners_of_all() -> None:
    images = torch.rand(20, 8, 8, generator=generator(1))
    for model in (MlpClassifierConfig, ConvClassifierConfig):
        dense, sparse = (
            build_network(model(hidden_size=16, kwta=k), (8, 8), 10, generator(0)).hidden(images)
            for k in (0, 3)
        )
        assert torch.equal(sparse, k_winners(dense, 3))
        assert (sparse > 0).sum(dim=1).max() == 3

"""The loss of an SAE trained along: by hand, blind to scale, lower where a sparse code says it all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from trainables.data.dataset import TensorSplit
from trainables.losses.sparse_reconstruction import SparseReconstruction
from trainables.losses.training_batch import LossSetup
from trainables.seeds import generator
from trainables.settings.auxiliary import AuxiliaryConfig


def loss_of(size: int = 6, seed: int = 0, **settings: Any) -> SparseReconstruction:
    auxiliary = AuxiliaryConfig(sparse_reconstruction=1, **settings)
    train = TensorSplit(torch.zeros(1, 2, 2), torch.zeros(1, dtype=torch.int64))
    return SparseReconstruction(LossSetup(auxiliary, train, size, generator(seed)))


def value(loss: SparseReconstruction, hidden: Tensor) -> Tensor:
    # It looks at nothing of a batch but its activations.
    return loss(SimpleNamespace(hidden=hidden))  # type: ignore[arg-type]


def trained(hidden: Tensor) -> float:
    loss = loss_of(sparse_reconstruction_width=12, sparse_reconstruction_l1=0.5)
    optimiser = torch.optim.Adam(loss.parameters(), lr=0.02)
    for _ in range(300):
        optimiser.zero_grad()
        value(loss, hidden).backward()
        optimiser.step()
    return float(value(loss, hidden).detach())


def test_agrees_with_a_slow_loop() -> None:
    loss = loss_of(sparse_reconstruction_width=5, sparse_reconstruction_l1=0.7)
    loss.requires_grad_(False)
    h = torch.rand(4, 6, generator=generator(1))
    power = sum(float(row.square().sum()) for row in h) / 4
    total = 0.0
    for row in h:
        x = row / (power / 6) ** 0.5
        back = loss.decoder_bias.clone()
        l1 = 0.0
        for latent in range(5):
            z = max(0.0, float((x - loss.decoder_bias) @ loss.encoder[:, latent] + loss.encoder_bias[latent]))
            unit = loss.decoder[latent] / loss.decoder[latent].norm()
            back = back + z * unit
            l1 += z
        total += (float((x - back).square().sum()) + 0.7 * l1) / 6
    assert float(value(loss, h).detach()) == pytest.approx(total / 4, rel=1e-5)


def test_shrinking_all_activations_is_no_way_out() -> None:
    loss, h = loss_of(), torch.rand(20, 6, generator=generator(2))
    assert float(value(loss, 0.01 * h).detach()) == pytest.approx(float(value(loss, h).detach()), rel=1e-4)


def test_sparse_activations_cost_less_than_dense_ones() -> None:
    draws = generator(3)
    dense = torch.randn(200, 6, generator=draws)
    sparse = torch.nn.functional.one_hot(torch.randint(6, (200,), generator=draws), 6) * dense
    assert trained(sparse) < 0.7 * trained(dense)


def test_silence_is_finite() -> None:
    loss, h = loss_of(), torch.zeros(3, 6, requires_grad=True)
    value(loss, h).backward()
    assert h.grad is not None
    assert bool(torch.isfinite(h.grad).all())

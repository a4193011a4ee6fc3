from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.trainables_tests.sae_builders import F, R
from trainables.sae_training.auxk import auxk_loss


@pytest.mark.parametrize(("n_dead", "r"), [(1, 6), (3, 6), (2, 64), (9, 64)])
def test_auxk_agrees_with_a_loop_over_its_formula(n_dead: int, r: int) -> None:
    g = torch.Generator().manual_seed(n_dead)
    residual, u = torch.randn(10, r, generator=g), torch.randn(10, F, generator=g)
    decoder, dead = torch.randn(F, r, generator=g), torch.arange(5, 5 + n_dead)
    k = max(1, r // 16)
    total = 0.0
    for row in range(10):
        chosen = sorted(dead.tolist(), key=lambda j: -float(u[row, j]))[:k]
        explained = sum(u[row, j] * decoder[j] for j in chosen)
        total += float((residual[row] - explained).square().sum()) / 10
    expected = r * total / float(residual.var(0, unbiased=False).sum()) * min(n_dead / k, 1)
    assert float(auxk_loss(residual, u, decoder, dead)) == pytest.approx(expected, rel=1e-4)


def test_auxk_gradient_is_its_finite_difference() -> None:
    g = torch.Generator().manual_seed(0)
    residual = torch.randn(8, 40, generator=g).double()
    u = torch.randn(8, F, generator=g).double().requires_grad_()
    decoder = torch.randn(F, 40, generator=g).double().requires_grad_()

    def loss(u: Tensor, decoder: Tensor) -> Tensor:
        return auxk_loss(residual, u, decoder, torch.tensor([3, 4, 11]))

    assert torch.autograd.gradcheck(loss, (u, decoder))


def test_auxk_teaches_dead_latents_only_and_also_those_negative_everywhere() -> None:
    g = torch.Generator().manual_seed(0)
    residual = torch.randn(10, R, generator=g, requires_grad=True)
    u = (-torch.rand(10, F, generator=g) - 1).requires_grad_()
    decoder = torch.randn(F, R, generator=g)
    auxk_loss(residual, u, decoder, torch.tensor([4])).backward()
    assert residual.grad is None
    assert u.grad is not None
    assert u.grad[:, 4].abs().min() > 0
    assert u.grad[:, [j for j in range(F) if j != 4]].abs().max() == 0


def test_auxk_of_a_constant_residual_is_zero() -> None:
    assert float(auxk_loss(torch.ones(5, R), torch.ones(5, F), torch.ones(F, R), torch.tensor([0]))) == 0

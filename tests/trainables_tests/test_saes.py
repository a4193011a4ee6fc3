from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from trainables import config, registry
from trainables.config import KINDS
from trainables.saes.auxk import auxk_loss
from trainables.saes.sparse_autoencoder import SparseAutoencoder

R, F = 6, 20


def outputs(n: int = 300, r: int = R, seed: int = 0) -> Tensor:
    return 3.7 * torch.randn(n, r, generator=torch.Generator().manual_seed(seed))


def build(kind: str, r: int = R, **fields: Any) -> SparseAutoencoder:
    settings = {"width": F} | ({"k": 3} if kind == "topk" else {}) | fields
    sae: SparseAutoencoder = registry.load(registry.SAES, kind)(KINDS["sae"][kind](**settings), r)
    sae.initialise(outputs(r=r), torch.Generator().manual_seed(0))
    return sae


@pytest.mark.parametrize("kind", registry.SAES)
def test_forward_pass_is_the_written_formula(kind: str) -> None:
    sae = build(kind)
    with torch.no_grad():
        for parameter in (sae.encoder_bias, sae.decoder_bias):
            parameter.normal_(generator=torch.Generator().manual_seed(1))
    y = outputs(20, seed=2)
    u, z = sae.encode(y)
    w_enc, b_enc, w_dec, b_dec, s = (
        t.detach().double().numpy()
        for t in (sae.encoder, sae.encoder_bias, sae.decoder, sae.decoder_bias, sae.scale)
    )
    for row in range(20):
        expected_u = (s * y[row].double().numpy() - b_dec) @ w_enc + b_enc
        expected_z = np.maximum(expected_u, 0)
        if kind == "topk":
            expected_z[np.argsort(expected_u)[:-3]] = 0
        np.testing.assert_allclose(u[row].detach(), expected_u, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(z[row].detach(), expected_z, rtol=1e-4, atol=1e-5)
        expected_y = (expected_z @ w_dec + b_dec) / s
        np.testing.assert_allclose(sae.decode(z)[row].detach(), expected_y, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", registry.SAES)
def test_initialisation(kind: str) -> None:
    y = outputs()
    sae = build(kind)
    x = y * sae.scale
    assert float(x.square().sum(1).mean()) == pytest.approx(R, rel=1e-5)
    torch.testing.assert_close(sae.decoder.detach().norm(dim=1), torch.ones(F))
    gain = float(sae.encoder.detach().norm(dim=0)[0])
    torch.testing.assert_close(sae.encoder.detach(), gain * sae.decoder.detach().T)
    with torch.no_grad():
        first = float((x - sae.decode_scaled(sae.encode_scaled(x)[1])).square().sum())
        for other in (0.9, 1.1):  # no other gain reconstructs better
            z = sae.encode_scaled(x)[1] * other
            assert float((x - sae.decode_scaled(z)).square().sum()) > first
    assert sae.encoder.data_ptr() != sae.decoder.data_ptr()


@pytest.mark.parametrize("kind", registry.SAES)
def test_activations_without_power_initialise_to_finite_weights(kind: str) -> None:
    sae = registry.load(registry.SAES, kind)(KINDS["sae"][kind](width=F), R)
    sae.initialise(torch.zeros(10, R), torch.Generator().manual_seed(0))
    assert all(tensor.isfinite().all() for tensor in sae.state_dict().values())


def test_topk_keeps_at_most_k_and_never_counts_zeros_as_fired() -> None:
    sae = build("topk", k=4)
    z = sae.activate(torch.tensor([[5.0, 4, 3, 2, 1] + [-1.0] * 15, [1.0] + [-1.0] * 19, [-1.0] * 20]))
    assert (z > 0).sum(1).tolist() == [4, 1, 0]
    assert z[0, :4].tolist() == [5, 4, 3, 2]


def test_equal_preactivations_do_not_exceed_k() -> None:
    assert int((build("topk", k=4).activate(torch.ones(1, F)) > 0).sum()) == 4


def test_l1_penalty_is_the_mean_sum_of_codes() -> None:
    sae = build("relu", l1=0.5)
    penalty = sae.penalty(torch.tensor([[1.0, 2.0], [0.0, 3.0]]))
    assert penalty is not None
    assert float(penalty) == pytest.approx(0.5 * (3 + 3) / 2)
    assert build("topk").penalty(torch.ones(2, F)) is None


def test_projected_gradient_cannot_change_the_length_of_decoder_rows() -> None:
    sae = build("relu")
    sae.decoder.grad = torch.randn(F, R, generator=torch.Generator().manual_seed(0))
    sae.project_decoder_gradient()
    along = (sae.decoder.grad * sae.decoder.detach()).sum(1)
    torch.testing.assert_close(along, torch.zeros(F), rtol=0, atol=1e-6)


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


def test_every_kind_of_sae_in_the_config_can_be_built() -> None:
    assert set(registry.SAES) == set(KINDS["sae"])
    assert math.isclose(config.SaeTraining().auxk, 1 / 32)

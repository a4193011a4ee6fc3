"""Formulas of the SAE kinds, each against loops or closed forms of its own."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.trainables_tests.sae_builders import F, R, build, disturb, mean_l0, outputs, sae_config, shell
from trainables import registry
from trainables.saes.gated import GatedSae
from trainables.saes.jumprelu import JumpReluSae
from trainables.saes.relu_target import ReluTargetSae
from trainables.saes.sparse_autoencoder import Forward, SparseAutoencoder

Array = np.ndarray
every_kind = pytest.mark.parametrize("kind", registry.SAES)


def numbers(sae: SparseAutoencoder) -> dict[str, Array]:
    return {name: tensor.detach().double().numpy() for name, tensor in sae.state_dict().items()}


def codes_by_formula(kind: str, u: Array, w: dict[str, Array]) -> Array:
    """z (n, f) of u (n, f) as the docstrings say it; batch kinds as they are used, with their threshold."""
    if kind == "block":
        pairs = np.maximum(u, 0).reshape(len(u), -1, 2)
        strength = (pairs**2).sum(2)
        return (pairs * (strength >= np.sort(strength, axis=1)[:, -4][:, None])[:, :, None]).reshape(u.shape)
    if kind in ("topk", "archetypal", "consensus"):
        cut = np.sort(u, axis=1)[:, -3][:, None]
        return np.maximum(u, 0) * (u >= cut)
    if kind in ("batch_topk", "matryoshka", "matryoshka_lista", "jumprelu"):
        return np.where(u > w["threshold"], np.maximum(u, 0), 0)
    if kind == "gated":
        magnitude = np.exp(w["log_gain"]) * (u - w["encoder_bias"]) + w["magnitude_bias"]
        return np.where(u > 0, np.maximum(magnitude, 0), 0)
    return np.maximum(u, 0)


def passes_by_formula(kind: str, x: Array, w: dict[str, Array]) -> tuple[Array, Array]:
    """u and z, both (n, f), of scaled inputs, with what some kinds do after the encoder."""
    rows, centred = w["decoder"], x - w["decoder_bias"]
    u = centred @ w["encoder"] + w["encoder_bias"]
    z = codes_by_formula(kind, u, w)
    if kind == "matryoshka_lista":
        u = u + 0.3 * (centred - z @ rows) @ rows.T
        z = codes_by_formula(kind, u, w)
    if kind in ("dictionary", "nmf", "semi_nmf"):
        point, momentum = z, 1.0
        for _ in range(10):
            u = point + w["step"] * ((centred - point @ rows) @ rows.T - (0.5 if kind == "dictionary" else 0))
            following = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
            point = np.maximum(u, 0) + (momentum - 1) / following * (np.maximum(u, 0) - z)
            z, momentum = np.maximum(u, 0), following
    return u, z


@every_kind
def test_forward_pass_is_the_written_formula(kind: str) -> None:
    sae = disturb(build(kind))
    if isinstance(sae, JumpReluSae):
        sae.threshold.data.clamp_(min=0)
    sae.eval().calibrate(outputs(seed=5) * sae.scale)
    y = outputs(20, seed=2)
    u, z = (tensor.detach() for tensor in sae.encode(y))
    w = numbers(sae)
    expected_u, expected_z = passes_by_formula(kind, w["scale"] * y.double().numpy(), w)
    expected_y = (expected_z @ w["decoder"] + w["decoder_bias"]) / w["scale"]
    np.testing.assert_allclose(u, expected_u, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(z, expected_z, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(sae.decode(z).detach(), expected_y, rtol=1e-4, atol=1e-4)


@every_kind
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
        assert first < 0.9 * float(x.square().sum())
        encoder_alone = type(sae).first_pass is SparseAutoencoder.first_pass
        for other in (0.9, 1.1) if encoder_alone else ():  # no other gain reconstructs better
            z = sae.encode_scaled(x)[1] * other
            assert float((x - sae.decode_scaled(z)).square().sum()) > first
    assert sae.encoder.data_ptr() != sae.decoder.data_ptr()


@every_kind
def test_activations_without_power_initialise_to_finite_weights(kind: str) -> None:
    sae = shell(sae_config(kind, width=F), R)
    sae.initialise(torch.zeros(10, R), torch.Generator().manual_seed(0))
    assert all(tensor.isfinite().all() for tensor in sae.state_dict().values())


def test_a_free_encoder_has_the_tied_ones_lengths_and_directions_of_its_own() -> None:
    tied, free = build("topk").encoder.detach(), build("topk", encoder_start="free").encoder.detach()
    torch.testing.assert_close(free.norm(dim=0), tied.norm(dim=0))
    alignment = torch.nn.functional.cosine_similarity(free, tied, dim=0)
    assert alignment.abs().mean() < 0.5


@pytest.mark.parametrize("n", [10, 300])  # fewer samples than latents, and more
def test_decoder_rows_can_start_along_samples(n: int) -> None:
    y = outputs(n)
    sae = shell(sae_config("topk", width=F, k=3, datapoint_init=1.0), R)
    sae.initialise(y, torch.Generator().manual_seed(0))
    cosines = sae.decoder.detach() @ torch.nn.functional.normalize(y, dim=1).T
    nearest, which = cosines.max(1)
    torch.testing.assert_close(nearest, torch.ones(F))
    assert len(set(which.tolist())) == F or n < F
    half = build("topk", datapoint_init=0.5).decoder.detach()
    towards = (half @ torch.nn.functional.normalize(outputs(), dim=1).T).max(1).values
    assert float(towards.mean()) < 1
    assert not torch.equal(half, build("topk").decoder.detach())


@pytest.mark.parametrize("kind", ["jumprelu", "relu_target"])
@pytest.mark.parametrize("target", [1.0, 3.0, 7.0])
def test_kinds_with_a_target_start_at_it(kind: str, target: float) -> None:
    sae = build(kind, target_l0=target)
    assert mean_l0(sae, outputs()) == pytest.approx(target, rel=0.01)


def test_jumprelu_gradients_are_the_papers_estimates() -> None:
    sae = disturb(build("jumprelu", bandwidth=0.6, target_l0=4.0, l0_weight=2.0)).double()
    assert isinstance(sae, JumpReluSae)
    x = outputs(40, seed=1).double() * sae.scale
    forward = sae(x)
    penalty = sae.penalty(forward)
    assert penalty is not None
    to_z = torch.randn(forward.z.shape, generator=torch.Generator().manual_seed(0)).double()
    (through_codes,) = torch.autograd.grad((forward.z * to_z).sum(), sae.threshold, retain_graph=True)
    (through_penalty,) = torch.autograd.grad(penalty, sae.threshold)
    u, t = forward.u.detach().numpy(), sae.threshold.detach().numpy()
    l0 = (u > t).sum() / 40
    assert float(penalty.detach()) == pytest.approx(2 * R * (l0 / 4 - 1) ** 2)
    for j in range(F):
        codes = l0_slope = 0.0
        for i in range(40):
            inside = 1.0 if abs((u[i, j] - t[j]) / 0.6) <= 0.5 else 0.0
            codes -= t[j] / 0.6 * inside * float(to_z[i, j])
            l0_slope -= inside / 0.6 / 40
        assert float(through_codes[j]) == pytest.approx(codes, abs=1e-9)
        assert float(through_penalty[j]) == pytest.approx(2 * R * 2 * (l0 / 4 - 1) / 4 * l0_slope, abs=1e-9)


def test_jumprelu_passes_gradients_to_codes_above_the_threshold_only() -> None:
    sae = build("jumprelu")
    u = torch.linspace(-2, 2, F).expand(3, F).clone().requires_grad_()
    sae.activate(u).sum().backward()
    assert torch.equal(u.grad, (u > sae.threshold).float())


def test_jumprelu_thresholds_stay_at_0_or_above() -> None:
    sae = build("jumprelu")
    assert isinstance(sae, JumpReluSae)
    with torch.no_grad():
        sae.threshold.sub_(10.0)
        sae.end_step(sae(outputs(5)))
    assert float(sae.threshold.detach().min()) == 0


def test_gated_losses_are_the_papers() -> None:
    sae = disturb(build("gated", l1=0.7))
    assert isinstance(sae, GatedSae)
    x = outputs(30, seed=1) * sae.scale
    forward = sae(x)
    main = (x - forward.z @ sae.decoder - sae.decoder_bias).square().sum(1).mean()
    gate = (x - forward.u.relu() @ sae.decoder - sae.decoder_bias).square().sum(1).mean()
    loss = sae.reconstruction_loss(forward)
    torch.testing.assert_close(loss, main + gate)
    # The decoder learns from the main term alone, the gate's bias from the gate's.
    theirs = torch.autograd.grad(loss, sae.decoder, retain_graph=True)[0]
    torch.testing.assert_close(theirs, torch.autograd.grad(main, sae.decoder, retain_graph=True)[0])
    to_gate = torch.autograd.grad(loss, sae.encoder_bias, retain_graph=True)[0]
    torch.testing.assert_close(
        to_gate, torch.autograd.grad(gate, sae.encoder_bias, retain_graph=True)[0], rtol=1e-4, atol=1e-5
    )
    penalty = sae.penalty(forward)
    assert penalty is not None
    torch.testing.assert_close(penalty, 0.7 * forward.u.relu().sum(1).mean())


def test_l1_penalty_is_the_mean_sum_of_codes() -> None:
    sae = build("relu", l1=0.5)
    z = torch.tensor([[1.0, 2.0], [0.0, 3.0]])
    penalty = sae.penalty(Forward(z, z, z, z))
    assert penalty is not None
    assert float(penalty) == pytest.approx(0.5 * (3 + 3) / 2)
    assert build("topk").penalty(Forward(z, z, z, z)) is None


def test_the_controller_presses_while_codes_are_too_many_and_lets_go_while_too_few() -> None:
    sae = build("relu_target", target_l0=2.0)
    assert isinstance(sae, ReluTargetSae)
    dense, empty = torch.ones(4, 8), torch.zeros(4, 8)
    for z, weight, change in ((dense, 4.0, 0.05), (empty, math.exp(0.05) / 8, -0.05)):
        forward = Forward(z, z, z, z)
        penalty, before = sae.penalty(forward), float(sae.l1)
        assert penalty is not None
        assert float(penalty) == pytest.approx(weight * float(z.sum()) / 4)
        sae.end_step(forward)
        assert math.log(float(sae.l1) / before) == pytest.approx(change, rel=1e-4)


def test_projected_gradient_cannot_change_the_length_of_decoder_rows() -> None:
    sae = build("relu")
    sae.decoder.grad = torch.randn(F, R, generator=torch.Generator().manual_seed(0))
    sae.project_decoder_gradient()
    along = (sae.decoder.grad * sae.decoder.detach()).sum(1)
    torch.testing.assert_close(along, torch.zeros(F), rtol=0, atol=1e-6)

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.trainables_tests.sae_builders import build, mean_l0, sae_config, unexplained
from tests.trainables_tests.sae_builders import planted as planted_in
from trainables import registry
from trainables.data.dataset import load_dataset, to_tensors
from trainables.errors import TrialDiverged
from trainables.networks.network import build_network
from trainables.sae_training.resampling import resample, resampling_steps
from trainables.sae_training.schedules import dead_window, learning_rate, ramp
from trainables.sae_training.steps.plain import autocast
from trainables.sae_training.train import train_sae
from trainables.saes.archetypal import ArchetypalSae
from trainables.saes.consensus import ConsensusSae
from trainables.saes.solved import NmfSae
from trainables.saes.sparse_autoencoder import RESTART_LENGTH, SparseAutoencoder
from trainables.seeds import generator
from trainables.settings.classifier import MlpClassifierConfig
from trainables.settings.sae import ReluSaeConfig, ReluTargetSaeConfig, SaeTrainingConfig, TopKSaeConfig

R, PLANTED, ACTIVE = 20, 24, 2


def planted(n: int = 4000, seed: int = 0) -> tuple[Tensor, Tensor]:
    return planted_in(n, R, PLANTED, ACTIVE, seed)


def train(config: SaeTrainingConfig, y: Tensor, epochs: int = 30, seed: int = 0) -> SparseAutoencoder:
    return train_sae(config, y, epochs=epochs, seed=seed, device="cpu").sae


def untrained_hidden() -> Tensor:
    """y (n, 64), the centred hidden layer of an untrained network: it always leaves some latents dead."""
    images = to_tensors(load_dataset("digits")).train.images
    h = build_network(MlpClassifierConfig(hidden_size=64), (8, 8), 10, generator(0)).hidden(images).detach()
    return h - h.mean(0)


def dead_fraction(sae: SparseAutoencoder, y: Tensor) -> float:
    return float((sae.encode(y)[1] > 0).any(0).logical_not().float().mean())


@pytest.mark.parametrize("kind", ["topk", "batch_topk", "jumprelu", "matryoshka"])
def test_a_planted_dictionary_is_recovered(kind: str) -> None:
    y, directions = planted(2000)
    fields: dict[str, Any] = {"k": ACTIVE, "target_l0": float(ACTIVE), "prefixes": 2}
    sae = train(sae_config(kind, width=48, batch_size=128, learning_rate_scale=3.0, **fields), y, 40)
    unseen = planted(1000)[0]
    assert unexplained(sae, unseen) < 0.12
    best = (directions @ sae.decoder.T).max(1).values
    assert (best > 0.9).float().mean() > 0.9
    assert mean_l0(sae, unseen) == pytest.approx(ACTIVE, abs=0.2)


def test_relu_explains_planted_data_and_l1_makes_it_sparser() -> None:
    y = planted()[0]
    free, pressed = train(ReluSaeConfig(width=48, l1=0.01), y), train(ReluSaeConfig(width=48, l1=2.0), y)
    assert unexplained(free, y) < 0.05
    assert mean_l0(pressed, y) < mean_l0(free, y) / 2


@pytest.mark.parametrize("target", [2.0, 6.0])
def test_relu_reaches_its_target(target: float) -> None:
    y = planted()[0]
    sae = train(ReluTargetSaeConfig(width=48, target_l0=target, batch_size=128), y, 40)
    assert mean_l0(sae, y) == pytest.approx(target, rel=0.1)


def test_decoder_rows_stay_unit_vectors_and_nothing_needs_gradients() -> None:
    sae = train(TopKSaeConfig(width=48, k=4), planted(512)[0], 5)
    torch.testing.assert_close(sae.decoder.norm(dim=1), torch.ones(48))
    assert not any(parameter.requires_grad for parameter in sae.parameters())


def test_auxk_leaves_fewer_latents_dead() -> None:
    """On the hidden layer of an untrained network; planted data has nothing left to teach a dead latent."""
    y = untrained_hidden()
    without, with_auxk = (
        train(TopKSaeConfig(width=256, k=4, learning_rate_scale=4.0, auxk=auxk), y, 40)
        for auxk in (0.0, 1 / 32)
    )
    assert dead_fraction(without, y) > 0.2  # else there is nothing to revive
    assert dead_fraction(with_auxk, y) < 0.75 * dead_fraction(without, y)
    assert unexplained(with_auxk, y) < unexplained(without, y)


@pytest.mark.parametrize(
    "remedy",
    [{"resample": 4}, {"datapoint_init": 0.8}],
    ids=lambda remedy: next(iter(remedy)),
)
def test_each_remedy_leaves_fewer_latents_dead(remedy: dict[str, Any]) -> None:
    y = untrained_hidden()
    plain, remedied = (
        train(TopKSaeConfig(width=256, k=4, learning_rate_scale=2.0, auxk=0.0, **fields), y, 30)
        for fields in ({}, remedy)
    )
    assert dead_fraction(plain, y) > 0.2
    assert dead_fraction(remedied, y) < dead_fraction(plain, y)


def nearest_allowed(sae: SparseAutoencoder, latent: int, direction: torch.Tensor) -> torch.Tensor:
    """The unit row nearest to a unit direction (r,) among those that the kind lets the latent's row be."""
    if isinstance(sae, ConsensusSae):
        return sae.decoder[latent].detach()
    if isinstance(sae, NmfSae):
        return torch.nn.functional.normalize(direction.clamp(min=0), dim=0)
    if isinstance(sae, ArchetypalSae):
        points = torch.nn.functional.normalize(sae.points, dim=1)
        return points[(points @ direction).argmax()]
    return direction


@pytest.mark.parametrize("kind", registry.SAES)
def test_resampled_latents_point_at_badly_explained_samples_and_adam_forgets_them(kind: str) -> None:
    sae = build(kind)
    x = 0.01 * torch.randn(200, 6, generator=torch.Generator().manual_seed(0))
    x[7] = torch.tensor([9.0, -9, 9, -9, 9, -9])
    optimiser = torch.optim.Adam(sae.parameters(), lr=1e-3)
    forward = sae(x)
    loss, penalty = sae.reconstruction_loss(forward), sae.penalty(forward)
    (loss if penalty is None else loss + penalty).backward()
    optimiser.step()
    before = sae.encoder.detach().clone()
    dead = torch.tensor([3, 11])
    resample(sae, optimiser, x, dead[:1], torch.Generator().manual_seed(0))
    wanted = nearest_allowed(sae, 3, torch.nn.functional.normalize(x[7], dim=0))
    assert float(sae.decoder[3].detach() @ wanted) > 0.99
    torch.testing.assert_close(
        sae.encoder[:, 3].norm(), RESTART_LENGTH * before.norm(dim=0)[torch.arange(20) != 3].mean()
    )
    assert torch.equal(sae.encoder[:, 4:], before[:, 4:])
    # What a kind does not train, or hands its gradient on to before a step, has no moments yet.
    parameters = dict(sae.named_parameters())
    state = {name: optimiser.state[p] for name, p in parameters.items() if p in optimiser.state}
    for moment in ("exp_avg", "exp_avg_sq"):
        assert not state["encoder"][moment][:, 3].any()
        assert state["encoder"][moment][:, 4:].any()
        assert not any(
            state[name][moment][3].any() for name in state if name not in ("encoder", "decoder_bias")
        )
        assert sae.decoder_bias not in optimiser.state or state["decoder_bias"][moment].any()


def test_resampling_of_every_latent_and_of_perfectly_explained_data() -> None:
    sae = build("topk")
    optimiser = torch.optim.Adam(sae.parameters())
    every = torch.arange(20)
    resample(sae, optimiser, torch.ones(5, 6), every, torch.Generator().manual_seed(0))
    assert sae.decoder.isfinite().all()
    unchanged = sae.decoder.detach().clone()
    resample(sae, optimiser, sae.decoder_bias.detach().expand(5, 6), every, torch.Generator().manual_seed(0))
    assert torch.equal(sae.decoder, unchanged)


def test_resampling_is_over_after_half_of_the_training() -> None:
    assert resampling_steps(0, 100) == set()
    assert resampling_steps(4, 200) == {25, 50, 75, 100}
    assert resampling_steps(9, 4) == {1, 2}
    assert resampling_steps(1, 1) == set()


def test_adams_betas_matter_and_bf16_on_a_cpu_is_float32() -> None:
    y = planted(512)[0]
    plain = train(TopKSaeConfig(width=48, k=4), y, 3)
    for fields in ({"beta1": 0.5}, {"beta2": 0.9}):
        assert not torch.equal(train(TopKSaeConfig(width=48, k=4, **fields), y, 3).encoder, plain.encoder)
    assert torch.equal(train(TopKSaeConfig(width=48, k=4, precision="bf16"), y, 3).encoder, plain.encoder)


def test_autocast_is_for_bf16_on_cuda_alone() -> None:
    for device, precision in (("cpu", "bf16"), ("cpu", "float32"), ("cuda", "float32")):
        with autocast(torch.device(device), precision):
            assert not torch.is_autocast_enabled("cpu")
            assert not torch.is_autocast_enabled("cuda")


@pytest.mark.parametrize("kind", registry.SAES)
def test_half_precision_products_leave_codes_and_losses_in_float32(kind: str) -> None:
    sae = build(kind)
    x = torch.randn(30, 6, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        forward = sae(x)
        loss, penalty = sae.reconstruction_loss(forward), sae.penalty(forward)
    parts = [forward.u, forward.z, forward.residual, loss, *([] if penalty is None else [penalty])]
    assert {part.dtype for part in parts} == {torch.float32}
    assert float(loss.detach()) == pytest.approx(float(sae.reconstruction_loss(sae(x)).detach()), rel=0.05)
    loss.backward()
    assert sae.encoder.grad is not None
    assert sae.encoder.grad.dtype == torch.float32


def test_history_tells_what_happened() -> None:
    history = train_sae(TopKSaeConfig(width=48, k=4), planted()[0], epochs=10, seed=0, device="cpu").history
    assert history[-1]["squared_error"] < history[0]["squared_error"]
    assert history[-1]["l0"] == pytest.approx(4, abs=0.3)
    assert set(history[0]) == {"loss", "squared_error", "l0", "dead"}


def test_a_loss_that_is_not_finite_ends_the_training() -> None:
    y = planted(300)[0]
    y[0, 0] = float("nan")
    with pytest.raises(TrialDiverged, match="loss is nan after epoch 1 of 30"):
        train(TopKSaeConfig(width=48, k=4), y)


def test_rate_and_penalty_ramps() -> None:
    factors = [ramp(step, 100, 0.1, 0.2) for step in range(100)]
    rates, penalties = [f[0] for f in factors], [f[1] for f in factors]
    assert 0 < rates[0] < 0.2
    assert rates[10:80] == [1.0] * 70
    assert rates[80:] == sorted(rates[80:], reverse=True)
    assert 0 < rates[-1] < 0.1
    assert penalties[10:] == [1.0] * 90
    assert [ramp(step, 7, 0, 0) for step in range(7)] == [(1.0, 1.0)] * 7


def test_rate_grows_as_the_width_shrinks() -> None:
    assert learning_rate(2**14, 1.0) == pytest.approx(2e-4)
    assert learning_rate(256, 2.0) == pytest.approx(2 * 1.6e-3)


def test_the_dead_window_can_open_within_any_training() -> None:
    assert dead_window(20_000, 3_000_000) == 20_000
    assert dead_window(20_000, 7_000) == 700
    assert dead_window(20_000, 3) == 1

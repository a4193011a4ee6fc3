from __future__ import annotations

import pytest
import torch
from torch import Tensor

from trainables.config import MlpClassifier, ReluSae, SaeTraining, TopKSae
from trainables.dataset import load_dataset, to_tensors
from trainables.errors import TrialDiverged
from trainables.networks.network import build_network
from trainables.sae_training import dead_window, learning_rate, ramp, train_sae
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.seeds import generator

R, PLANTED, ACTIVE = 20, 24, 2


def planted(n: int = 4000, seed: int = 0) -> tuple[Tensor, Tensor]:
    """y (n, r) = sparse codes times unit directions, ACTIVE of PLANTED at a time; and the directions."""
    g = torch.Generator().manual_seed(seed)
    directions = torch.nn.functional.normalize(torch.randn(PLANTED, R, generator=g), dim=1)
    active = torch.rand(n, PLANTED, generator=g).argsort(1) < ACTIVE
    codes = active * (0.5 + torch.rand(n, PLANTED, generator=g))
    return codes @ directions, directions


def unexplained(sae: SparseAutoencoder, y: Tensor) -> float:
    error = y - sae.decode(sae.encode(y)[1])
    return float(error.square().sum() / (y - y.mean(0)).square().sum())


def train(config: SaeTraining, y: Tensor, epochs: int = 30, seed: int = 0) -> SparseAutoencoder:
    return train_sae(config, y, epochs=epochs, seed=seed, device="cpu").sae


def test_topk_recovers_a_planted_dictionary() -> None:
    y, directions = planted()
    sae = train(TopKSae(width=48, k=ACTIVE, batch_size=128, learning_rate_scale=2), y, epochs=60)
    unseen = planted(1000)[0]
    assert unexplained(sae, unseen) < 0.1
    best = (directions @ sae.decoder.T).max(1).values
    assert (best > 0.9).float().mean() > 0.9
    assert float((sae.encode(unseen)[1] > 0).sum(1).float().mean()) == pytest.approx(ACTIVE, abs=0.1)


def test_relu_explains_planted_data_and_l1_makes_it_sparser() -> None:
    y = planted()[0]
    free, pressed = train(ReluSae(width=48, l1=0.01), y), train(ReluSae(width=48, l1=2.0), y)
    assert unexplained(free, y) < 0.05
    l0 = [float((sae.encode(y)[1] > 0).sum(1).float().mean()) for sae in (free, pressed)]
    assert l0[1] < l0[0] / 2


@pytest.mark.parametrize("config", [TopKSae(width=48, k=4), ReluSae(width=48, l1=0.3)])
def test_a_few_steps_beat_predicting_the_mean(config: SaeTraining) -> None:
    y = planted(512)[0] - planted(512)[0].mean(0)
    assert unexplained(train(config, y, epochs=2), y) < 0.7


@pytest.mark.parametrize("config", [TopKSae(width=48, k=4), ReluSae(width=48, l1=0.3)])
def test_same_seed_same_sae_and_the_scale_of_the_input_does_not_matter(config: SaeTraining) -> None:
    y = planted(512)[0]
    first, again, scaled = train(config, y, 3), train(config, y, 3), train(config, 4 * y, 3)
    torch.manual_seed(5)
    assert torch.equal(first.encoder, again.encoder)
    torch.testing.assert_close(scaled.decoder, first.decoder)
    torch.testing.assert_close(scaled.encode(4 * y)[1], first.encode(y)[1])
    assert not torch.equal(first.encoder, train(config, y, 3, seed=1).encoder)


def test_decoder_rows_stay_unit_vectors_and_nothing_needs_gradients() -> None:
    sae = train(TopKSae(width=48, k=4), planted(512)[0], 5)
    torch.testing.assert_close(sae.decoder.norm(dim=1), torch.ones(48))
    assert not any(parameter.requires_grad for parameter in sae.parameters())


def test_auxk_leaves_fewer_latents_dead() -> None:
    """On the hidden layer of an untrained network; planted data has nothing left to teach a dead latent."""
    images = to_tensors(load_dataset("digits")).train.images
    h = build_network(MlpClassifier(hidden_size=64), (8, 8), 10, generator(0)).hidden(images).detach()
    y = h - h.mean(0)
    dead, error = [], []
    for auxk in (0.0, 1 / 32):
        sae = train(TopKSae(width=256, k=4, learning_rate_scale=4.0, auxk=auxk), y, 40)
        dead.append(float((sae.encode(y)[1] > 0).any(0).logical_not().float().mean()))
        error.append(unexplained(sae, y))
    assert dead[0] > 0.2  # else there is nothing to revive
    assert dead[1] < 0.75 * dead[0]
    assert error[1] < error[0]


@pytest.mark.parametrize("n", [1, 2, 300])
def test_data_smaller_than_a_batch_and_activations_of_zero_stay_finite(n: int) -> None:
    for y in (planted(300)[0][:n], torch.zeros(n, R)):
        result = train_sae(TopKSae(width=48, k=4), y, epochs=30, seed=0, device="cpu")
        assert all(tensor.isfinite().all() for tensor in result.sae.state_dict().values())
        assert len(result.history) == 30


def test_history_tells_what_happened() -> None:
    history = train_sae(TopKSae(width=48, k=4), planted()[0], epochs=10, seed=0, device="cpu").history
    assert history[-1]["squared_error"] < history[0]["squared_error"]
    assert history[-1]["l0"] == pytest.approx(4, abs=0.3)
    assert set(history[0]) == {"loss", "squared_error", "l0", "dead"}


def test_a_loss_that_is_not_finite_ends_the_training() -> None:
    y = planted(300)[0]
    y[0, 0] = float("nan")
    with pytest.raises(TrialDiverged, match="loss is nan after epoch 1 of 30"):
        train(TopKSae(width=48, k=4), y)


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

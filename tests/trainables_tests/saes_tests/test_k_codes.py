"""TopK, BatchTopK and Matryoshka: how many codes there are, which, and what the nested ones answer for."""

from __future__ import annotations

import pytest
import torch

from tests.trainables_tests.sae_builders import F, R, build, disturb, mean_l0, outputs, sae_config, shell
from trainables.saes.batch_topk import BatchTopKSae
from trainables.saes.matryoshka import MatryoshkaSae, prefix_sizes
from trainables.saes.sparse_autoencoder import Forward


def test_topk_keeps_at_most_k_and_never_counts_zeros_as_fired() -> None:
    sae = build("topk", k=4)
    z = sae.activate(torch.tensor([[5.0, 4, 3, 2, 1] + [-1.0] * 15, [1.0] + [-1.0] * 19, [-1.0] * 20]))
    assert (z > 0).sum(1).tolist() == [4, 1, 0]
    assert z[0, :4].tolist() == [5, 4, 3, 2]


@pytest.mark.parametrize("kind", ["topk", "batch_topk", "matryoshka"])
def test_equal_preactivations_do_not_exceed_k(kind: str) -> None:
    assert int((build(kind, k=4).activate(torch.ones(2, F)) > 0).sum()) == 8


@pytest.mark.parametrize("kind", ["topk", "batch_topk", "matryoshka"])
def test_k_falls_from_the_input_size_to_k(kind: str) -> None:
    sae = shell(sae_config(kind, width=64, k=4, k_anneal=0.2), 24)
    ks = []
    for step in range(100):
        sae.begin_step(step / 100)
        codes = sae.activate(torch.rand(50, 64, generator=torch.Generator().manual_seed(step)))
        ks.append(float((codes > 0).sum() / 50))
    assert ks[0] == 24
    assert ks[10] == 14
    assert ks == sorted(ks, reverse=True)
    assert set(ks[20:]) == {4.0}


def test_batch_topk_keeps_the_largest_of_the_batch() -> None:
    sae = build("batch_topk", k=2)
    u = torch.randn(30, F, generator=torch.Generator().manual_seed(0))
    z = sae.activate(u)
    cut = u.flatten().sort(descending=True).values[60 - 1]
    assert torch.equal(z, torch.where(u >= cut, u, 0.0))
    assert len(set((z > 0).sum(1).tolist())) > 1  # samples differ in what they need


@pytest.mark.parametrize("kind", ["batch_topk", "matryoshka"])
@pytest.mark.parametrize("n", [7, 300, 9000])  # one chunk and two
def test_the_calibrated_threshold_gives_k_codes_on_average(kind: str, n: int) -> None:
    sae = build(kind, k=3).eval()
    y = outputs(n, seed=4)
    sae.calibrate(y * sae.scale)
    assert mean_l0(sae, y) == pytest.approx(3, abs=1e-9)


def test_a_threshold_is_0_where_fewer_codes_are_positive_than_wanted() -> None:
    sae = build("batch_topk", k=15).eval()
    assert isinstance(sae, BatchTopKSae)
    y = outputs(seed=4)
    sae.calibrate(y * sae.scale)
    assert float(sae.threshold) == 0
    assert mean_l0(sae, y) < 15


def test_the_running_threshold_follows_the_smallest_code_kept() -> None:
    sae = build("batch_topk")
    assert isinstance(sae, BatchTopKSae)
    x = torch.zeros(2, R)
    for smallest in (0.5, 1.5):
        z = torch.tensor([[0.0, smallest], [3.0, 2.0]])
        sae.end_step(Forward(x, z, z, x))
    assert float(sae.threshold) == pytest.approx(0.99 * 0.5 + 0.01 * 1.5)
    sae.end_step(Forward(x, x, x, x))  # nothing fires: nothing to learn
    assert float(sae.threshold) == pytest.approx(0.99 * 0.5 + 0.01 * 1.5)


def test_matryoshka_loss_is_the_mean_over_prefixes() -> None:
    sae = disturb(build("matryoshka", prefixes=3))
    assert isinstance(sae, MatryoshkaSae)
    assert sae.prefixes == (5, 10, 20)
    x = outputs(30, seed=1) * sae.scale
    forward = sae(x)
    errors = []
    for size in sae.prefixes:
        reconstruction = forward.z[:, :size] @ sae.decoder[:size] + sae.decoder_bias
        errors.append((x - reconstruction).square().sum(1).mean())
    torch.testing.assert_close(sae.reconstruction_loss(forward), sum(errors) / 3)


def test_one_prefix_is_batch_topk() -> None:
    nested, plain = build("matryoshka", prefixes=1), build("batch_topk")
    x = outputs(30, seed=1) * plain.scale
    losses = [sae.reconstruction_loss(sae(x)) for sae in (nested, plain)]
    assert torch.equal(losses[0], losses[1])


def test_prefixes_halve() -> None:
    assert prefix_sizes(256, 4) == (32, 64, 128, 256)
    assert prefix_sizes(100, 3) == (25, 50, 100)
    assert prefix_sizes(4, 6) == (1, 2, 4)

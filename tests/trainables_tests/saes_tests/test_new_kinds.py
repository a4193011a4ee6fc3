"""Archetypal, block, solved and Matryoshka-LISTA: their formulas, oracles, and data on which they win."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment, nnls
from sklearn.decomposition import NMF, MiniBatchDictionaryLearning, sparse_encode
from torch import Tensor
from torch.nn.functional import normalize

from tests.trainables_tests.sae_builders import build, disturb, outputs, planted, sae_config, unexplained
from trainables.sae_training.train import train_sae
from trainables.saes.archetypal import ArchetypalSae
from trainables.saes.block import BlockSae
from trainables.saes.consensus import ConsensusSae, agreed
from trainables.saes.matryoshka_lista import MatryoshkaListaSae
from trainables.saes.solved import NmfSae, SolvedSae
from trainables.saes.sparse_autoencoder import SparseAutoencoder


def trained(kind: str, y: Tensor, epochs: int = 30, seed: int = 0, **fields: object) -> SparseAutoencoder:
    return train_sae(sae_config(kind, **fields), y, epochs=epochs, seed=seed, device="cpu").sae


def matched(rows: Tensor, truth: Tensor) -> float:
    """Mean cosine of every true direction with the row that the best assignment gives it."""
    cosines = (normalize(truth, dim=1) @ normalize(rows, dim=1).T).numpy()
    first, second = linear_sum_assignment(cosines, maximize=True)
    return float(cosines[first, second].sum() / len(truth))


def parts(n: int, r: int = 30, latents: int = 8, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Dense codes >= 0 times sparse rows >= 0, centred; and the rows."""
    g = torch.Generator().manual_seed(seed)
    rows = torch.rand(latents, r, generator=g) * (torch.rand(latents, r, generator=g) < 0.3)
    codes = torch.rand(n, latents, generator=g) * (torch.rand(n, latents, generator=g) < 0.6)
    y = codes @ rows
    return y - y.mean(0), rows


# Consensus


def test_directions_of_the_data_are_found_by_all_members_and_those_of_noise_by_one() -> None:
    y, truth = planted(3000, r=16, latents=20, active=2)
    sae = trained("consensus", y, epochs=5, width=40, k=2, members=4, member_epochs=25)
    assert isinstance(sae, ConsensusSae)
    best = (truth @ sae.decoder.detach().T).max(dim=1)
    assert (best.values > 0.95).float().mean() >= 0.9
    assert (sae.support[best.indices] >= 0.75).float().mean() >= 0.9
    noise = torch.randn(3000, 16, generator=torch.Generator().manual_seed(3))
    alone = trained("consensus", noise, epochs=1, width=40, k=2, members=4, member_epochs=10)
    assert isinstance(alone, ConsensusSae)
    assert alone.support.mean() < 0.5 < sae.support[:20].mean()


def test_what_members_agree_on_is_found_again_by_another_seed_more_than_what_one_finds() -> None:
    y, truth = planted(3000, r=16, latents=20, active=2)
    first, second = (
        trained("consensus", y, epochs=3, seed=seed, width=40, k=2, members=4, member_epochs=25)
        for seed in (0, 1)
    )
    one, other = (trained("topk", y, epochs=25, seed=seed, width=40, k=2) for seed in (0, 1))
    assert isinstance(first, ConsensusSae)
    sure = first.support >= 0.75
    again = (first.decoder.detach()[sure] @ second.decoder.detach().T).amax(dim=1).mean()
    usual = (one.decoder.detach() @ other.decoder.detach().T).amax(dim=1).mean()
    assert again > usual + 0.02
    assert matched(first.decoder.detach()[:30], truth) > 0.9


def test_agreement_is_the_best_free_match_above_chance() -> None:
    axes = torch.eye(4)
    tilted = normalize(axes[0] + 0.2 * axes[1], dim=0)
    members = [axes[[0, 2]], torch.stack([tilted, axes[3]]), axes[[3, 0]]]
    rows, support = agreed(members, chance=0.9)
    assert support.tolist() == pytest.approx([1.0, 2 / 3, 1 / 3])
    assert torch.allclose(rows[0], normalize(2 * axes[0] + tilted, dim=0))
    assert torch.allclose(rows[1], axes[3])
    assert torch.allclose(rows[2], axes[2])
    assert agreed(members, chance=1.0)[1].max() < 1


def test_the_rows_of_an_agreement_stay() -> None:
    y, _ = planted(500, r=8, latents=10)
    begun = build("consensus", r=8, members=2, member_epochs=2)
    rows = begun.decoder.detach().clone()
    begun.restart(torch.tensor([1, 3]), torch.eye(8)[:2])
    assert torch.equal(begun.decoder, rows)
    short, long = (
        trained("consensus", y, epochs=n, width=20, k=3, members=2, member_epochs=2) for n in (1, 5)
    )
    assert torch.allclose(short.decoder, long.decoder, atol=1e-6)
    assert not torch.equal(short.encoder, long.encoder)


# Archetypal


def test_archetypal_rows_are_mixtures_and_a_little_more() -> None:
    sae = build("archetypal", points=40, deviation=0.2)
    assert isinstance(sae, ArchetypalSae)
    disturb(sae, size=1.0)
    sae.normalise_decoder()
    weights = sae.mixture.detach().softmax(dim=1)
    mixed = weights @ sae.points
    for row, own in zip(sae.decoder.detach(), mixed, strict=True):
        # The row's direction is within arcsin(deviation) of its mixture's.
        assert float(torch.dot(row, own) / own.norm()) >= (1 - 0.2**2) ** 0.5 - 1e-5
    data = outputs() * sae.scale
    assert all(bool((data == point).all(dim=1).any()) for point in sae.points)


def test_archetypal_gradients_reach_mixtures_and_shifts_exactly() -> None:
    sae = disturb(build("archetypal", points=9)).double()
    assert isinstance(sae, ArchetypalSae)
    x = outputs(30, seed=2).double() * sae.scale
    sae.normalise_decoder()
    forward = sae(x)
    sae.reconstruction_loss(forward).backward()
    sae.project_decoder_gradient()
    assert sae.decoder.grad is None
    generator = torch.Generator().manual_seed(0)
    for parameter in (sae.mixture, sae.shift):
        direction = torch.randn(parameter.shape, generator=generator).double()
        assert parameter.grad is not None
        sides = []
        for step in (1e-6, -1e-6):
            with torch.no_grad():
                parameter.add_(step * direction)
                sae.normalise_decoder()
                sides.append(float(sae.reconstruction_loss(sae(x))))
                parameter.sub_(step * direction)
        expected = float((parameter.grad * direction).sum())
        assert (sides[0] - sides[1]) / 2e-6 == pytest.approx(expected, rel=1e-4, abs=1e-7)


def test_archetypal_rows_are_found_again_by_another_seed() -> None:
    """Fel et al.'s claim: rows held by the data are more stable than free ones, wherever these begin."""
    y = planted(1500, r=16, latents=40, active=3)[0]
    y = y + 0.3 * torch.randn(y.shape, generator=torch.Generator().manual_seed(9))
    fields = {"epochs": 10, "width": 64, "k": 3, "points": 64, "datapoint_init": 1.0}
    again = {
        kind: matched(*(trained(kind, y, seed=seed, **fields).decoder for seed in (0, 1)))
        for kind in ("archetypal", "topk")
    }
    assert again["archetypal"] > 0.95
    assert again["topk"] < 0.8


# Blocks


def test_a_block_is_on_as_a_whole_and_the_strongest_are() -> None:
    sae = build("block", block=4, active=2)
    assert isinstance(sae, BlockSae)
    u = torch.randn(50, 20, generator=torch.Generator().manual_seed(0))
    z = sae.activate(u).unflatten(1, (5, 4))
    strength = u.relu().unflatten(1, (5, 4)).norm(dim=2)
    on = z.norm(dim=2) > 0
    assert (on.sum(1) == 2).all()
    assert (torch.where(on, strength, torch.inf).amin(1) >= torch.where(on, -1.0, strength).amax(1)).all()
    assert torch.equal(z[on], u.relu().unflatten(1, (5, 4))[on])


def test_a_gate_a_plane_explains_what_a_latent_a_plane_cannot() -> None:
    """Each planted part is a quarter plane: on or off, and if on, at some angle."""
    g = torch.Generator().manual_seed(0)
    planes = torch.linalg.qr(torch.randn(24, 12, generator=g))[0].T.view(6, 2, 24)
    chosen = torch.rand(2000, 6, generator=g).argsort(1) < 2
    angle = torch.rand(2000, 6, generator=g) * torch.pi / 2
    pair = torch.stack([angle.cos(), angle.sin()], dim=2) * chosen[..., None]
    y = torch.einsum("npi,pir->nr", pair, planes)
    block = trained("block", y, width=12, block=2, active=2, epochs=40)
    topk = trained("topk", y, width=12, k=2, epochs=40)
    assert unexplained(block, y) < 0.6 * unexplained(topk, y)
    on = (block.encode(y)[1].unflatten(1, (6, 2)).norm(dim=2) > 0).double()
    f1 = 2 * on.T @ chosen.double() / (on.sum(0)[:, None] + chosen.sum(0)).clamp(min=1)
    gates, parts = linear_sum_assignment(f1.numpy(), maximize=True)
    assert f1.numpy()[gates, parts].mean() > 0.85


# Solved codes


def solver(kind: str, l1: float) -> SolvedSae:
    sae = build(kind, r=12, width=20, l1=l1, iterations=1000)
    assert isinstance(sae, SolvedSae)
    return sae.double().eval()


def test_codes_are_scikit_learns_positive_lasso() -> None:
    sae = solver("dictionary", 0.8)
    x = outputs(40, r=12).double() * sae.scale
    # scikit-learn's lasso_cd takes half of the squared error: alpha is l1 / 2.
    oracle = sparse_encode(
        (x - sae.decoder_bias).detach().numpy(),
        sae.decoder.detach().numpy(),
        algorithm="lasso_cd",
        alpha=0.4,
        positive=True,
        max_iter=100_000,
    )
    with torch.no_grad():
        np.testing.assert_allclose(sae.encode_scaled(x)[1].numpy(), oracle, atol=1e-3)


@pytest.mark.parametrize("kind", ["nmf", "semi_nmf"])
def test_codes_without_a_penalty_are_scipys_nnls(kind: str) -> None:
    sae = solver(kind, 0.0)
    x = outputs(20, r=12).double() * sae.scale
    rows = sae.decoder.detach().numpy()
    with torch.no_grad():
        ours = sae.encode_scaled(x)[1].numpy() @ rows
    for row, sample in zip(ours, (x - sae.decoder_bias).detach().numpy(), strict=True):
        np.testing.assert_allclose(row, rows.T @ nnls(rows.T, sample)[0], atol=1e-2)


def test_steps_are_no_longer_than_the_curvature_allows() -> None:
    sae = trained("dictionary", planted(500, r=20)[0], epochs=3, width=48)
    assert isinstance(sae, SolvedSae)
    largest = torch.linalg.matrix_norm(sae.decoder, 2).square()
    assert 0.9 / 1.05 < float(sae.step * largest) <= 1


def test_solving_finds_correlated_rows_that_an_encoder_guesses_wrongly() -> None:
    g = torch.Generator().manual_seed(0)
    rows = normalize(torch.randn(20, 12, generator=g) + 0.6, dim=1)
    codes = (torch.rand(2000, 20, generator=g).argsort(1) < 3) * (0.5 + torch.rand(2000, 20, generator=g))
    y = codes @ rows
    solved, guessed = (trained(kind, y, width=20, l1=0.3) for kind in ("dictionary", "relu"))
    assert matched(solved.decoder, rows) > matched(guessed.decoder, rows) + 0.03
    assert unexplained(solved, y) < 0.7 * unexplained(guessed, y)


def test_dictionary_learning_is_as_good_as_scikit_learns() -> None:
    """By the objective of both, |x - z D|^2 / 2 + alpha |z|_1 with alpha = l1 / 2, on new samples."""
    y = planted(3000, r=16, latents=24, active=3)[0]
    sae = trained("dictionary", y[:2000], width=24, l1=0.6, epochs=40, learning_rate_scale=2.0)
    x = ((y * sae.scale) - sae.decoder_bias).double().detach()
    theirs = MiniBatchDictionaryLearning(
        24,
        alpha=0.3,
        batch_size=64,
        max_iter=40,
        fit_algorithm="cd",
        transform_algorithm="lasso_cd",
        transform_alpha=0.3,
        transform_max_iter=100_000,
        positive_code=True,
        random_state=0,
    ).fit(x[:2000].numpy())
    ours = sae.decoder.double().detach()

    def objective(codes: Tensor, rows: Tensor) -> float:
        error = (x[2000:] - codes @ rows).square().sum(1) / 2
        return float((error + 0.3 * codes.abs().sum(1)).mean())

    other = torch.from_numpy(theirs.transform(x[2000:].numpy())), torch.from_numpy(theirs.components_)
    assert objective(sae.encode(y[2000:])[1].double(), ours) < 1.03 * objective(*other)
    assert matched(ours, other[1]) > 0.9


def test_nmf_is_as_good_as_scikit_learns() -> None:
    y, rows = parts(2000)
    sae = trained("nmf", y, width=8, learning_rate_scale=2.0)
    above = (y * sae.scale - sae.decoder_bias).double().numpy().clip(min=0)
    theirs = NMF(8, init="nndsvda", max_iter=2000, random_state=0).fit(above)
    other = torch.from_numpy(theirs.components_)
    left = above - theirs.transform(above) @ theirs.components_
    share = (left**2).sum() / ((above - above.mean(0)) ** 2).sum()
    assert unexplained(sae, y) < share + 0.01
    assert matched(sae.decoder.double(), other) > 0.95
    assert matched(other.float(), rows) > 0.95


def test_nmf_finds_parts_that_are_only_ever_added() -> None:
    y, rows = parts(2000)
    fields = {"width": 8, "k": 5, "learning_rate_scale": 2.0}
    nmf, semi, topk = (trained(kind, y, **fields) for kind in ("nmf", "semi_nmf", "topk"))
    assert isinstance(nmf, NmfSae)
    assert bool((nmf.decoder >= 0).all())
    assert matched(nmf.decoder, rows) > 0.95
    assert max(matched(semi.decoder, rows), matched(topk.decoder, rows)) < 0.8


def test_semi_nmf_explains_what_rows_of_one_sign_cannot() -> None:
    g = torch.Generator().manual_seed(0)
    y = torch.rand(2000, 6, generator=g) @ torch.randn(6, 24, generator=g)
    semi, nmf = (trained(kind, y, width=6) for kind in ("semi_nmf", "nmf"))
    assert unexplained(semi, y) < 0.05
    assert unexplained(semi, y) < unexplained(nmf, y) / 3


# Matryoshka with a LISTA step


def test_a_prefix_trains_the_latents_that_it_adds_and_no_others() -> None:
    sae = disturb(build("matryoshka_lista", width=16, prefixes=2, detach_inner=True))
    assert isinstance(sae, MatryoshkaListaSae)
    x = outputs(40) * sae.scale
    forward = sae(x)
    with torch.no_grad():
        inner = forward.z[:, :8] @ sae.decoder[:8]
    z = forward.z.detach().requires_grad_()
    sae.reconstruction_loss(type(forward)(x, forward.u, z, forward.residual)).backward()
    first = x - sae.decoder_bias - inner
    second = first - forward.z[:, 8:] @ sae.decoder[8:]
    expected = torch.cat([-first @ sae.decoder[:8].T, -second @ sae.decoder[8:].T], dim=1) * 2 / len(x) / 2
    torch.testing.assert_close(z.grad, expected.detach())


def test_prefixes_follow_firing_rates_and_not_places() -> None:
    sae = build("matryoshka_lista", width=16, prefixes=2)
    assert isinstance(sae, MatryoshkaListaSae)
    x = outputs(40) * sae.scale
    before = sae.reconstruction_loss(sae(x))
    sae.rate[8:] = 1.0
    after = sae.reconstruction_loss(sae(x))
    assert not torch.equal(before, after)
    turned = torch.arange(16).roll(8)
    with torch.no_grad():
        for values in (sae.decoder, sae.encoder_bias, sae.rate):
            values.copy_(values[turned])
        sae.encoder.copy_(sae.encoder[:, turned])
    torch.testing.assert_close(sae.reconstruction_loss(sae(x)), after)


def test_tilt_lies_between_the_mean_and_the_worst() -> None:
    errors = torch.tensor([1.0, 2.0, 9.0])
    means = []
    for tilt in (0.0, 1e-3, 1.0, 10.0):
        sae = build("matryoshka_lista", tilt=tilt)
        assert isinstance(sae, MatryoshkaListaSae)
        means.append(float(sae._tilted(errors)))
    assert means[0] == 4
    assert means[1] == pytest.approx(4, rel=1e-2)
    assert means == sorted(means)
    assert means[-1] < 9

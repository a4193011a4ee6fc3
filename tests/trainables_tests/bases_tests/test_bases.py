from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import Tensor

from trainables import registry
from trainables.bases import ica
from trainables.bases.basis import Basis
from trainables.config import KINDS
from trainables.settings.basis import (
    IcaBasisConfig,
    PcaBasisConfig,
    PcaVarianceBasisConfig,
    RawBasisConfig,
    WhitenedPcaBasisConfig,
)

D = 12


def activations(n: int = 500, d: int = D, dead: int = 3, seed: int = 0) -> Tensor:
    """h (n, d) like a ReLU layer's: correlated, >= 0, of different scales, the last `dead` units always 0."""
    g = torch.Generator().manual_seed(seed)
    h = (torch.randn(n, d, generator=g) @ torch.randn(d, d, generator=g) + 0.5).relu()
    h = h * torch.logspace(-1, 1, d)
    h[:, d - dead :] = 0
    return h


def config_of(kind: str, components: int) -> Any:
    """That many components, or, where a kind counts no components, everything."""
    model = KINDS["basis"][kind]
    wanted = {"components": components, "explained_variance": 1.0}
    return model(**{name: value for name, value in wanted.items() if name in model.model_fields})


def white(y: Tensor) -> None:
    y = y.double()
    torch.testing.assert_close(y.mean(0), torch.zeros(y.shape[1]).double(), rtol=0, atol=1e-3)
    covariance = (y - y.mean(0)).T @ (y - y.mean(0)) / len(y)
    torch.testing.assert_close(covariance, torch.eye(y.shape[1]).double(), rtol=0, atol=1e-3)


def fit(kind: str, h: Tensor, components: int, seed: int = 0) -> Basis:
    basis: Basis = registry.BASES[kind].load_implementation().fit(h, config_of(kind, components), seed)
    return basis


@pytest.mark.parametrize("kind", registry.BASES)
@pytest.mark.parametrize("components", [1, 5, 9, D])
def test_decode_of_encode_is_a_projection_that_keeps_the_mean(kind: str, components: int) -> None:
    h = activations()
    basis = fit(kind, h, components)
    once = basis.decode(basis.encode(h))
    torch.testing.assert_close(basis.decode(basis.encode(once)), once, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(once.mean(0), h.mean(0), rtol=1e-3, atol=1e-3)
    assert basis.encode(h).shape == (len(h), basis.rank)


@pytest.mark.parametrize("kind", registry.BASES)
def test_all_components_lose_nothing(kind: str) -> None:
    h = activations()
    basis = fit(kind, h, D)
    torch.testing.assert_close(basis.decode(basis.encode(h)), h, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", registry.BASES)
@pytest.mark.parametrize("n", [1, 2, 4])
def test_fewer_rows_than_components_and_dead_layers_stay_finite(kind: str, n: int) -> None:
    for h in (activations(n), torch.zeros(n, D)):
        basis = fit(kind, h, D)
        unseen = activations(seed=1)
        assert basis.encode(unseen).isfinite().all()
        assert basis.decode(basis.encode(unseen)).isfinite().all()


@pytest.mark.parametrize("kind", registry.BASES)
@pytest.mark.parametrize("side", [8, 28])
def test_fits_pixels_of_both_sizes(kind: str, side: int) -> None:
    pixels = torch.rand(60, side * side, generator=torch.Generator().manual_seed(side))
    basis = fit(kind, pixels, 10)
    back = basis.decode(basis.encode(pixels))
    assert back.shape == pixels.shape
    assert float((pixels - back).square().sum()) <= float((pixels - pixels.mean(0)).square().sum())


def test_components_beyond_the_hidden_size_are_cut() -> None:
    assert fit("pca", activations(), 100).rank == D


def test_raw_only_centres() -> None:
    h = activations()
    basis = registry.BASES["raw"].load_implementation().fit(h, RawBasisConfig(), 0)
    torch.testing.assert_close(basis.encode(h), h - h.mean(0))


def test_pca_agrees_with_scikit_learn() -> None:
    h = activations()
    oracle = PCA(5).fit(h.double().numpy())
    basis = registry.BASES["pca"].load_implementation().fit(h, PcaBasisConfig(components=5), 0)
    ours, theirs = basis.encode(h).numpy(), oracle.transform(h.double().numpy())
    signs = np.sign((ours * theirs).sum(0))
    np.testing.assert_allclose(ours * signs, theirs, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(
        basis.decode(basis.encode(h)).numpy(), oracle.inverse_transform(theirs), rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("kind", ["whitened_pca", "ica"])
def test_outputs_are_white_on_train(kind: str) -> None:
    white(fit(kind, activations(), 8).encode(activations()))


@pytest.mark.parametrize("kind", ["pca_variance", "whitened_pca_variance"])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.99, 1.0])
def test_the_fewest_components_that_explain_the_share(kind: str, share: float) -> None:
    h = activations()
    basis = (
        registry.BASES[kind].load_implementation().fit(h, KINDS["basis"][kind](explained_variance=share), 0)
    )
    ratios = PCA().fit(h.double().numpy()).explained_variance_ratio_
    assert ratios[: basis.rank].sum() >= share - 1e-9
    assert ratios[: basis.rank - 1].sum() < share
    fvu = float((h - basis.decode(basis.encode(h))).square().sum() / (h - h.mean(0)).square().sum())
    assert fvu == pytest.approx(1 - ratios[: basis.rank].sum(), abs=1e-4)


def test_components_by_variance_are_the_leading_components() -> None:
    h = activations()
    by_variance = (
        registry.BASES["pca_variance"]
        .load_implementation()
        .fit(h, PcaVarianceBasisConfig(explained_variance=0.9), 0)
    )
    assert torch.equal(by_variance.encode(h), fit("pca", h, by_variance.rank).encode(h))


def test_a_basis_of_open_size_refuses_another_kinds_tensors() -> None:
    shell = registry.BASES["pca_variance"].load_implementation()(PcaVarianceBasisConfig(), D)
    with pytest.raises(RuntimeError, match="forward_map"):
        shell.load_state_dict(fit("raw", activations(), D).state_dict())


def test_zca_whitens_and_stays_nearest_to_the_units() -> None:
    h = activations(dead=0)
    y = fit("zca", h, D).encode(h)
    white(y)
    centred = (h - h.mean(0)).double()
    distance = float((y.double() - centred).square().sum())
    pca_white = fit("whitened_pca", h, D).encode(h).double()
    turn = torch.linalg.qr(torch.randn(D, D, generator=torch.Generator().manual_seed(0)).double())[0]
    # Procrustes: of all rotations of white outputs the nearest to the units is this one.
    left, _, right = torch.linalg.svd(pca_white.T @ centred)
    best = float((pca_white @ (left @ right) - centred).square().sum())
    assert distance == pytest.approx(best, rel=1e-4)
    assert distance < float((pca_white @ turn - centred).square().sum())


def test_zca_leaves_dead_units_at_zero() -> None:
    h = activations(dead=3)
    assert fit("zca", h, D).encode(h)[:, -3:].abs().max() < 1e-4


def test_random_rotation_is_orthogonal_and_differs_between_seeds_only() -> None:
    h = activations()
    basis = fit("random_rotation", h, D, seed=1)
    torch.testing.assert_close(basis.forward_map.T @ basis.forward_map, torch.eye(D), rtol=0, atol=1e-6)
    torch.testing.assert_close(basis.encode(h).norm(dim=1), (h - h.mean(0)).norm(dim=1))
    assert torch.equal(fit("random_rotation", 2 * h, D, seed=1).forward_map, basis.forward_map)
    assert not torch.equal(fit("random_rotation", h, D, seed=2).forward_map, basis.forward_map)


def test_random_rotations_are_uniform() -> None:
    """Moments of a Haar matrix: E q_ij = 0, E q_ij^2 = 1/d, and the trace has variance 1."""
    shell = registry.BASES["random_rotation"].load_implementation()
    h = torch.zeros(2, 4)
    turns = torch.stack(
        [shell.fit(h, KINDS["basis"]["random_rotation"](), seed).forward_map for seed in range(800)]
    )
    assert turns.mean(0).abs().max() < 0.08
    torch.testing.assert_close(turns.square().mean(0), torch.full((4, 4), 0.25), rtol=0, atol=0.05)
    assert float(turns.diagonal(dim1=1, dim2=2).sum(1).var()) == pytest.approx(1, abs=0.2)


def test_whitening_does_not_blow_up_dead_directions() -> None:
    h = activations(dead=3)
    basis = (
        registry.BASES["whitened_pca"].load_implementation().fit(h, WhitenedPcaBasisConfig(components=D), 0)
    )
    y = basis.encode(h)
    assert y[:, -3:].abs().max() < 0.1
    torch.testing.assert_close(y[:, :9].var(0), torch.ones(9), rtol=0.02, atol=0)


def test_ica_finds_planted_sources() -> None:
    g = np.random.default_rng(0)
    sources = g.laplace(size=(4000, 4))
    mixed = torch.tensor(sources @ g.normal(size=(4, D)) + g.normal(size=D), dtype=torch.float32)
    basis = registry.BASES["ica"].load_implementation().fit(mixed, IcaBasisConfig(components=4), 0)
    found = basis.encode(mixed).numpy()
    correlations = np.abs(np.corrcoef(found.T, sources.T)[:4, 4:])
    assert correlations.max(0).min() > 0.98  # every source has its component
    assert basis.converged


def test_an_ica_that_does_not_converge_says_so_and_stays_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ica, "MAX_ITERATIONS", 1)
    h = activations()
    basis = fit("ica", h, D)
    assert not basis.converged
    torch.testing.assert_close(basis.decode(basis.encode(h)), h, rtol=1e-3, atol=1e-3)

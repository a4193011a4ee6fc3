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
from trainables.config import KINDS, IcaBasis, PcaBasis, RawBasis, WhitenedPcaBasis

D = 12


def activations(n: int = 500, d: int = D, dead: int = 3, seed: int = 0) -> Tensor:
    """h (n, d) like a ReLU layer's: correlated, >= 0, of different scales, the last `dead` units always 0."""
    g = torch.Generator().manual_seed(seed)
    h = (torch.randn(n, d, generator=g) @ torch.randn(d, d, generator=g) + 0.5).relu()
    h = h * torch.logspace(-1, 1, d)
    h[:, d - dead :] = 0
    return h


def config_of(kind: str, components: int) -> Any:
    model = KINDS["basis"][kind]
    return model(components=components) if "components" in model.model_fields else model()


def fit(kind: str, h: Tensor, components: int, seed: int = 0) -> Basis:
    basis: Basis = registry.load(registry.BASES, kind).fit(h, config_of(kind, components), seed)
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
def test_a_shell_filled_with_tensors_is_the_fitted_basis(kind: str) -> None:
    h = activations()
    basis = fit(kind, h, 5)
    shell = registry.load(registry.BASES, kind)(config_of(kind, 5), D)
    shell.load_state_dict(basis.state_dict())
    assert torch.equal(shell.encode(h), basis.encode(h))
    assert shell.rank == basis.rank


@pytest.mark.parametrize("kind", registry.BASES)
def test_the_same_seed_gives_the_same_basis_whatever_the_global_generator(kind: str) -> None:
    h = activations()
    first = fit(kind, h, 5, seed=3)
    torch.manual_seed(99)
    np.random.seed(99)
    for name, tensor in fit(kind, h, 5, seed=3).state_dict().items():
        assert torch.equal(tensor, first.state_dict()[name])


def test_components_beyond_the_hidden_size_are_cut() -> None:
    assert fit("pca", activations(), 100).rank == D


def test_raw_only_centres() -> None:
    h = activations()
    basis = registry.load(registry.BASES, "raw").fit(h, RawBasis(), 0)
    torch.testing.assert_close(basis.encode(h), h - h.mean(0))


def test_pca_agrees_with_scikit_learn() -> None:
    h = activations()
    oracle = PCA(5).fit(h.double().numpy())
    basis = registry.load(registry.BASES, "pca").fit(h, PcaBasis(components=5), 0)
    ours, theirs = basis.encode(h).numpy(), oracle.transform(h.double().numpy())
    signs = np.sign((ours * theirs).sum(0))
    np.testing.assert_allclose(ours * signs, theirs, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(
        basis.decode(basis.encode(h)).numpy(), oracle.inverse_transform(theirs), rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("kind", ["whitened_pca", "ica"])
def test_outputs_are_white_on_train(kind: str) -> None:
    y = fit(kind, activations(), 8).encode(activations()).double()
    torch.testing.assert_close(y.mean(0), torch.zeros(8, dtype=torch.float64), rtol=0, atol=1e-3)
    covariance = (y - y.mean(0)).T @ (y - y.mean(0)) / len(y)
    torch.testing.assert_close(covariance, torch.eye(8, dtype=torch.float64), rtol=0, atol=1e-3)


def test_whitening_does_not_blow_up_dead_directions() -> None:
    h = activations(dead=3)
    basis = registry.load(registry.BASES, "whitened_pca").fit(h, WhitenedPcaBasis(components=D), 0)
    y = basis.encode(h)
    assert y[:, -3:].abs().max() < 0.1
    torch.testing.assert_close(y[:, :9].var(0), torch.ones(9), rtol=0.02, atol=0)


def test_ica_finds_planted_sources() -> None:
    g = np.random.default_rng(0)
    sources = g.laplace(size=(4000, 4))
    mixed = torch.tensor(sources @ g.normal(size=(4, D)) + g.normal(size=D), dtype=torch.float32)
    basis = registry.load(registry.BASES, "ica").fit(mixed, IcaBasis(components=4), 0)
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

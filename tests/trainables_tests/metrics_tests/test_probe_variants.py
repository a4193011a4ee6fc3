"""The SVM, the tuned probe and the k-sparse probe against scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from trainables.metrics import probe, probe_sparse, probe_tuning


def codes(n: int = 600, f: int = 20, classes: int = 4, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, classes, (n,), generator=generator)
    rate = 0.05 + 0.5 * torch.rand(classes, f, generator=generator) ** 3
    active = torch.rand(n, f, generator=generator) < rate[labels]
    return active * (0.5 + torch.rand(n, f, generator=generator)), labels


def test_the_svm_minimises_its_objective_as_scipy_does() -> None:
    x, y = codes(200, 6, 3)
    scaled = x.double().numpy() / x.double().numpy().std(axis=0)
    sign = 2.0 * (y[:, None].numpy() == np.arange(3)) - 1

    def objective(flat: np.ndarray) -> float:
        w, b = flat[:18].reshape(3, 6), flat[18:]
        slack = np.maximum(0, 1 - sign * (scaled @ w.T + b))
        return probe.C * float((slack**2).sum()) + float((w**2).sum()) / 2

    oracle = minimize(objective, np.zeros(21), method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-14}).x
    ours = probe.fit_probe(x.double(), y, 3, tolerance=1e-8, loss=probe.squared_hinge)
    expected = scaled @ oracle[:18].reshape(3, 6).T + oracle[18:]
    np.testing.assert_allclose((x.double() @ ours.weight.T + ours.intercept).numpy(), expected, atol=2e-3)


def test_the_balanced_regression_is_scikit_learns() -> None:
    x, y = codes()
    positive = y == 2
    ours = probe_sparse.fit_balanced(x[:, :5].double(), positive)
    oracle = LogisticRegression(C=1.0, class_weight="balanced", tol=1e-10, max_iter=5000)
    oracle.fit(x[:, :5].double().numpy(), positive.numpy())
    np.testing.assert_allclose(ours.numpy(), [*oracle.coef_[0], *oracle.intercept_], atol=1e-5)


def test_separable_features_do_not_run_away() -> None:
    x = torch.tensor([[0.0], [0.0], [1.0], [1.0]], dtype=torch.float64)
    weights = probe_sparse.fit_balanced(x, torch.tensor([False, False, True, True]))
    assert torch.isfinite(weights).all()
    assert (x @ weights[:-1] + weights[-1] > 0).tolist() == [False, False, True, True]


def test_one_latent_per_class_needs_one_latent() -> None:
    labels = torch.arange(200) % 5
    z = torch.nn.functional.one_hot(labels, 5).float() * 3
    found = probe_sparse.sparse_probe_accuracies(z[:100], labels[:100], z[100:], labels[100:], 5)
    assert found == {1: 1.0, 2: 1.0, 5: 1.0}


def test_classes_coded_by_pairs_need_two_latents() -> None:
    labels = torch.arange(400) % 4
    z = torch.stack([labels // 2, labels % 2], dim=1).float()
    found = probe_sparse.sparse_probe_accuracies(z[:200], labels[:200], z[200:], labels[200:], 4)
    assert found[1] == pytest.approx(5 / 6)  # finds its class, and a third of the rest with it
    assert found[2] == 1.0


def test_noise_and_silence_are_at_one_half() -> None:
    """Balanced accuracy of a guess on 2,000 rows, 4 classes averaged: s.d. about 0.007; four allowed."""
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(4000, 30, generator=generator), torch.randint(0, 4, (4000,), generator=generator)
    found = probe_sparse.sparse_probe_accuracies(x[:2000], y[:2000], x[2000:], y[2000:], 4)
    assert all(abs(accuracy - 0.5) < 0.03 for accuracy in found.values())
    silent = probe_sparse.sparse_probe_accuracies(0 * x[:99], y[:99], 0 * x[99:200], y[99:200], 4)
    assert all(accuracy == 0.5 for accuracy in silent.values())


def test_rescaling_and_permuting_latents_changes_nothing() -> None:
    x, y = codes(1200)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(1))
    changed = (x * 2.0 ** torch.arange(-10, 10))[:, order]
    plain = probe_sparse.sparse_probe_accuracies(x[:800], y[:800], x[800:], y[800:], 4)
    again = probe_sparse.sparse_probe_accuracies(changed[:800], y[:800], changed[800:], y[800:], 4)
    assert again == pytest.approx(plain, abs=0.01)


def test_c_is_chosen_inside_train_and_small_where_features_are_noise() -> None:
    generator = torch.Generator().manual_seed(0)
    x, y = codes(500, 40)
    noise = torch.cat([x, 3 * torch.randn(500, 200, generator=generator)], dim=1)
    assert probe_tuning.choose_c(noise, y, 4) < max(probe_tuning.GRID)
    accuracy = probe_tuning.tuned_accuracy(x[:300], y[:300], x[300:], y[300:], 4)
    fixed = [probe.probe_accuracy(x[:300], y[:300], x[300:], y[300:], 4, c) for c in probe_tuning.GRID]
    assert min(fixed) <= accuracy <= max(fixed)


def test_rows_of_the_full_probe() -> None:
    assert torch.equal(probe_tuning.full_rows(50_000, 512), torch.arange(50_000))
    assert len(probe_tuning.full_rows(50_000, 65_536)) == probe.MOST_ROWS

"""The probe against scikit-learn's logistic regression on the same objective."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from trainables.metrics import probe


def digits() -> tuple[torch.Tensor, torch.Tensor]:
    images, labels = load_digits(return_X_y=True)
    return torch.tensor(images[:500] / 16, dtype=torch.float32), torch.tensor(labels[:500], dtype=torch.int64)


def sparse_codes(n: int, f: int, classes: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes of which about a tenth is active, with a class-dependent rate."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, classes, (n,), generator=generator)
    rate = 0.02 + 0.3 * torch.rand(classes, f, generator=generator) ** 4
    active = torch.rand(n, f, generator=generator) < rate[labels]
    return active * (0.5 + torch.rand(n, f, generator=generator)), labels


@pytest.mark.parametrize("c", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("data", ["digits", "codes"])
def test_same_probabilities_as_scikit_learn(c: float, data: str) -> None:
    x, y = digits() if data == "digits" else sparse_codes(800, 60, 4)
    n_classes = int(y.max()) + 1
    deviation = x.numpy().std(axis=0)
    scaled = x.numpy()[:, deviation > 0].astype(np.float64) / deviation[deviation > 0]
    oracle = LogisticRegression(C=c, tol=1e-8, max_iter=5000).fit(scaled, y.numpy())
    exact = probe.fit_probe(x.double(), y, n_classes, c, tolerance=1e-7)
    ours = torch.softmax(x.double() @ exact.weight.t() + exact.intercept, dim=1).numpy()
    np.testing.assert_allclose(ours, oracle.predict_proba(scaled), atol=1e-3)
    fitted = probe.fit_probe(x, y, n_classes, c)
    assert np.mean(fitted.predict(x).numpy() == oracle.predict(scaled)) > 0.997


def test_separable_classes_are_read_perfectly() -> None:
    labels = torch.arange(200) % 5
    z = torch.nn.functional.one_hot(labels, 5).float()
    assert probe.probe_accuracy(z[:100], labels[:100], z[100:], labels[100:], 5) == 1.0


def test_codes_without_a_living_latent_give_the_majority_class() -> None:
    train = torch.tensor([0] * 40 + [1] * 60 + [2] * 50)
    val = torch.tensor([0] * 10 + [1] * 30 + [2] * 60)
    accuracy = probe.probe_accuracy(torch.zeros(150, 8), train, torch.zeros(100, 8), val, 3)
    assert accuracy == 30 / 100


def test_features_unrelated_to_the_class_stay_near_chance() -> None:
    """Four equal classes, 2,000 val rows: s.d. of a guess 0.0097; four of them allowed."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3000, 20, generator=generator)
    y = torch.randint(0, 4, (3000,), generator=generator)
    assert abs(probe.probe_accuracy(x[:1000], y[:1000], x[1000:], y[1000:], 4) - 0.25) < 0.04


def test_rescaling_and_permuting_features_changes_nothing() -> None:
    x, y = sparse_codes(1000, 40, 4)
    scale = torch.logspace(-6, 6, 40, base=2)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(1))
    plain = probe.fit_probe(x[:600], y[:600], 4)
    changed = probe.fit_probe((x * scale)[:600, order], y[:600], 4)
    agree = plain.predict(x[600:]) == changed.predict((x * scale)[600:, order])
    assert agree.double().mean() > 0.995


def test_a_feature_that_never_varies_on_train_gets_no_weight() -> None:
    x, y = sparse_codes(300, 10, 3)
    x[:, 4] = 7.0
    assert torch.equal(probe.fit_probe(x, y, 3).weight[:, 4], torch.zeros(3))


def test_a_class_that_train_lacks_is_finite() -> None:
    x, y = sparse_codes(200, 10, 3)
    assert torch.isfinite(probe.fit_probe(x, y, 5).intercept).all()


def test_deterministic() -> None:
    x, y = sparse_codes(500, 30, 4)
    assert torch.equal(probe.fit_probe(x, y, 4).weight, probe.fit_probe(x, y, 4).weight)


def test_the_fitting_rows_depend_on_the_number_of_images_alone() -> None:
    assert probe.probe_rows(7).tolist() == list(range(7))
    rows = probe.probe_rows(50_000)
    assert torch.equal(rows, probe.probe_rows(50_000))
    assert len(rows) == len(set(rows.tolist())) == 10_000
    assert torch.equal(rows, rows.sort().values)
    assert abs(float(rows.double().mean()) - 25_000) < 600  # uniform: s.d. of the mean 144

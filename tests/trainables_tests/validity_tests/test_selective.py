"""Class shares by a slow loop, and what directions that nobody trained reach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from tests.trainables_tests.validity_tests.judged import digits, strokes
from trainables.validity.selective import at_counts, family_curves, selective, top_shares


def test_shares_of_the_most_frequent_classes() -> None:
    shares = top_shares(torch.tensor([[5, 0, 3, 2], [0, 0, 0, 0]]))
    assert shares.tolist() == [[0.5, 0.8], [0.0, 0.0]]


def test_curves_against_a_slow_loop() -> None:
    _, judged_strokes = strokes()
    controls = judged_strokes.controls
    grid, curve = family_curves(controls)
    assert controls.labels is not None
    labels, at = controls.labels.numpy(), len(grid) // 2
    best = []
    for directions in controls.families.values():
        projected = ((controls.hidden - controls.mean) @ directions.T).numpy()
        shares = []
        for column in projected.T:
            chosen = torch.from_numpy(column).topk(int(grid[at])).indices.numpy()
            counts = np.sort(np.bincount(labels[chosen], minlength=10))[::-1]
            shares.append(counts.cumsum()[:5] / counts.sum())
        best.append(np.mean(shares, axis=0))
    np.testing.assert_allclose(curve[at].numpy(), np.max(best, axis=0), rtol=1e-12)
    np.testing.assert_allclose(at_counts(grid, curve, grid[at : at + 1])[0].numpy(), curve[at].numpy())


def test_random_directions_are_not_selective_as_a_rule() -> None:
    """The control is the largest of four means, so fewer than half of isotropic directions exceed it."""
    _, _, trained = digits()
    isotropic = torch.randn(64, trained.train_hidden.shape[1], generator=torch.Generator().manual_seed(2))
    projected = (trained.subject.hidden - trained.controls.mean) @ isotropic.T
    codes = (projected - projected.quantile(0.9, dim=0)).relu()
    subject = replace(trained.subject, codes=codes, train_firing=(codes > 0).sum(dim=0))
    passed = selective(subject, torch.arange(64), trained.controls).passed
    assert float(passed.double().mean()) < 0.5

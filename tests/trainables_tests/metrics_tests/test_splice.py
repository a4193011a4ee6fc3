"""Splicing: the perfect and the mean reconstruction, and a gap too small to divide by."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from trainables.metrics import splice


def trained_head() -> tuple[nn.Linear, torch.Tensor, torch.Tensor]:
    """A linear head that classifies well-separated activations."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(300) % 3
    h = torch.eye(3)[labels] * 4 + 0.3 * torch.randn(300, 3, generator=generator)
    head = nn.Linear(3, 3)
    with torch.no_grad():
        head.weight.copy_(torch.eye(3))
        head.bias.zero_()
    return head, h, labels


def test_perfect_reconstruction_loses_nothing() -> None:
    head, h, labels = trained_head()
    assert splice.splice(head, h, h.clone(), labels) == splice.Splice(accuracy_drop=0.0, ce_recovered=1.0)


def test_mean_reconstruction_recovers_nothing() -> None:
    head, h, labels = trained_head()
    result = splice.splice(head, h, h.mean(dim=0).expand_as(h), labels)
    assert result.ce_recovered == pytest.approx(0, abs=1e-6)
    assert result.accuracy_drop == pytest.approx(2 / 3, abs=0.02)


def test_formula_against_a_slow_loop() -> None:
    head, h, labels = trained_head()
    h_hat = 0.5 * h

    @torch.no_grad()
    def ce(x: torch.Tensor) -> float:
        rows = head(x).double().softmax(dim=1)
        return -sum(float(rows[i, int(label)].log()) for i, label in enumerate(labels)) / len(labels)

    mean, clean, spliced = ce(h.mean(dim=0).expand_as(h)), ce(h), ce(h_hat)
    result = splice.splice(head, h, h_hat, labels)
    assert result.ce_recovered == pytest.approx((mean - spliced) / (mean - clean), rel=1e-6)


def test_worse_than_the_mean_is_negative() -> None:
    head, h, labels = trained_head()
    assert splice.splice(head, h, -h, labels).ce_recovered < 0


def test_a_network_that_ignores_its_hidden_layer_earns_nothing() -> None:
    _, h, labels = trained_head()
    constant = nn.Linear(3, 3)
    with torch.no_grad():
        constant.weight.zero_()
    assert splice.splice(constant, h, h, labels) == splice.Splice(accuracy_drop=0.0, ce_recovered=0.0)


@pytest.mark.parametrize("ablated", [1.0, 1.0 + 1e-12, 1.009, 0.5])
def test_a_gap_too_small_or_negative_gives_the_null(ablated: float) -> None:
    assert splice.recovered(clean=1.0, spliced=7.0, ablated=ablated) == 0.0

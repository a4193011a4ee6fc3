"""Sums of squares between groups, and codes that are the label, or the label and noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.trainables_tests.validity_tests.judged import Judged, strokes
from trainables.validity.more_than_label import between_sums, gaussian_curves, more_than_label
from trainables.validity.outcome import Outcome


def result(judged: Judged, fires: torch.Tensor) -> Outcome:
    codes = fires.float()
    subject = replace(judged.subject, codes=codes, train_firing=codes.sum(dim=0).long())
    return more_than_label(subject, torch.arange(codes.shape[1]), judged.controls)


def test_between_sums_against_groups() -> None:
    draw = torch.Generator().manual_seed(0)
    points, on = torch.randn(90, 5, generator=draw), torch.rand(90, 3, generator=draw) < 0.3
    for found, mask in zip(between_sums(on, points), on.T, strict=True):
        x, inside = points.double().numpy(), mask.numpy()
        total = x.mean(axis=0)
        expected = sum(len(g) * ((g.mean(axis=0) - total) ** 2).sum() for g in (x[inside], x[~inside]))
        np.testing.assert_allclose(float(found), expected, rtol=1e-10)


def test_the_curve_is_the_mean_over_directions() -> None:
    _, judged = strokes()
    assert judged.subject.labels is not None
    members = judged.subject.labels == 3
    pixels = judged.controls.embedding[members]
    projected = judged.controls.hidden[members] @ judged.controls.families["gaussian"][:32].T
    m = 17
    on = projected >= projected.topk(m, dim=0).values[-1]
    expected = between_sums(on, pixels).mean()
    found = gaussian_curves(judged.controls)[3][m - 1]
    assert float(found) == pytest.approx(float(expected), rel=1e-6)


def test_labels_and_noise_on_labels_fail() -> None:
    _, judged = strokes()
    labels = judged.subject.labels
    assert labels is not None
    member = torch.nn.functional.one_hot(labels).bool()
    coin = torch.rand(member.shape, generator=torch.Generator().manual_seed(1)) < 0.5
    assert not result(judged, member).passed.any()
    assert result(judged, member).margin.max() == 0
    noise = result(judged, member & coin)
    assert not noise.passed.any()
    assert float(noise.margin.mean()) < 0.1

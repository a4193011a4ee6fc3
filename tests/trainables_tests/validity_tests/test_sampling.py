"""Estimates of a sum: right on average, exact where all are drawn, and as uncertain as they say."""

from __future__ import annotations

import torch

from trainables.validity.sampling import draw, inclusion


def drawn(weights: torch.Tensor, values: torch.Tensor, times: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    samples = [draw(weights, 20, generator) for _ in range(times)]
    totals = torch.tensor([s.total(values[s.places]) for s in samples], dtype=torch.float64)
    variances = torch.tensor([s.variance(values[s.places]) for s in samples], dtype=torch.float64)
    return totals, variances


def test_right_on_average_with_an_honest_error() -> None:
    generator = torch.Generator().manual_seed(1)
    weights = torch.rand(200, generator=generator).double() ** 2
    values = weights * torch.rand(200, generator=generator)
    totals, variances = drawn(weights, values, 2000)
    assert abs(float(totals.mean() - values.sum())) < 4 * float(totals.std()) / 2000**0.5
    assert 0.7 < float(variances.mean() / totals.var()) < 1.4


def test_exact_where_all_are_drawn() -> None:
    values = torch.rand(15).double()
    sample = draw(torch.ones(15), 20, torch.Generator())
    assert sample.places.tolist() == list(range(15))
    assert abs(sample.total(values) - float(values.sum())) < 1e-12
    assert sample.variance(values) == 0
    everything = draw(torch.ones(500), None, torch.Generator())
    assert len(everything.places) == 500


def test_no_weight_no_draw() -> None:
    weights = torch.tensor([0.0, 1.0, 0.0, 5.0])
    assert draw(weights, 2, torch.Generator()).places.tolist() == [1, 3]
    nothing = draw(torch.zeros(4), 2, torch.Generator())
    assert len(nothing.places) == 0
    assert nothing.total(torch.zeros(0)) == 0


def test_probabilities_add_up_and_stay_below_one() -> None:
    weights = torch.tensor([100.0, 50.0, 1.0, 1.0, 1.0, 1.0]).double()
    probability = inclusion(weights, 4)
    assert abs(float(probability.sum()) - 4) < 1e-9
    assert probability[:2].tolist() == [1, 1]
    assert torch.allclose(probability[2:], torch.tensor(0.5).double())

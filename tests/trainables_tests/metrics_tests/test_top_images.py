"""The running top list against a full sort, and how it treats equal values."""

from __future__ import annotations

import pytest
import torch

from trainables.metrics.top_images import TopImages


def run(values: torch.Tensor, count: int, batch: int) -> TopImages:
    top = TopImages(count, values.shape[0])
    for part in values.split(batch):
        top.update(part)
    return top


@pytest.mark.parametrize("batch", [1, 7, 64, 1000])
def test_agrees_with_a_full_sort_whatever_the_batch(batch: int) -> None:
    values = torch.randn(300, 5, generator=torch.Generator().manual_seed(0))
    expected = values.argsort(dim=0, descending=True)[:20]
    assert torch.equal(run(values, 20, batch).images(), expected)


@pytest.mark.parametrize("batch", [64, 500])
def test_leaving_out_what_cannot_count_changes_nothing(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Normal values, codes that are mostly 0, and ties at the edge of the top."""
    drawn = torch.randn(6000, 9, generator=torch.Generator().manual_seed(1))
    for values in (drawn, drawn.relu(), (drawn * 3).round(), drawn.sort(dim=0).values):
        quick = run(values, 20, batch)
        monkeypatch.setattr("trainables.metrics.top_images._FEW", len(values))
        whole = run(values, 20, batch)
        monkeypatch.undo()
        assert torch.equal(quick.images(), whole.images())
        assert torch.equal(quick.positive(), whole.positive())


def test_values_of_every_size_and_sign_keep_their_order() -> None:
    values = torch.tensor([[-1e30], [-1.0], [-1e-40], [0.0], [1e-40], [1.0], [3.4e38]])
    top = run(values, 7, 7)
    assert top.images()[:, 0].tolist() == [6, 5, 4, 3, 2, 1, 0]
    assert top.positive()[:, 0].tolist() == [True, True, True, False, False, False, False]


@pytest.mark.parametrize("batch", [3, 400])
def test_ties_are_drawn_from_all_images_not_from_the_first(batch: int) -> None:
    chosen = run(torch.ones(400, 2), 100, batch).images()
    assert torch.equal(chosen[:, 0], chosen[:, 1])
    # 100 of 400 at random: about 25 in each quarter, binomial s.d. 4.3; first-come would give 100 in one.
    quarters = torch.bincount(chosen[:, 0] // 100, minlength=4)
    assert quarters.sum() == 100
    assert quarters.min() > 8


def test_negative_zero_ties_with_zero() -> None:
    zeros = run(torch.zeros(40, 1), 10, 40).images()
    signed = torch.where(torch.arange(40)[:, None] % 2 == 0, -0.0, 0.0)
    assert torch.equal(run(signed, 10, 40).images(), zeros)


def test_fewer_images_than_asked_for() -> None:
    assert run(torch.tensor([[1.0], [2.0]]), 50, 1).images().tolist() == [[1], [0]]


def test_no_values_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="update"):
        TopImages(3, 5).images()

"""Copies, ladders and shared rows go; a child within its parent stays."""

from __future__ import annotations

import numpy as np
import torch

from trainables.validity.distinct import distinct, repeated_codes, repeated_rows
from trainables.validity.subject import Subject


class Linear:
    """z = h >= 0, decoded by given rows."""

    def __init__(self, rows: torch.Tensor) -> None:
        self._rows = rows

    def hidden(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1)

    def head(self, h: torch.Tensor) -> torch.Tensor:
        return h

    def encode(self, h: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return h, h

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return z @ self._rows


def subject(codes: torch.Tensor, rows: torch.Tensor) -> Subject:
    images = torch.zeros(len(codes), 2, 2)
    return Subject(Linear(rows), images, None, codes, codes, (codes > 0).sum(dim=0))


def codes(n: int = 400, c: int = 6) -> torch.Tensor:
    return torch.randn(n, c, generator=torch.Generator().manual_seed(0)).sub(0.8).relu()


def kept(z: torch.Tensor, rows: torch.Tensor | None = None) -> list[bool]:
    rows = torch.eye(z.shape[1]) if rows is None else rows
    return distinct(subject(z, rows), torch.arange(z.shape[1])).passed.tolist()


def test_independent_codes_all_stay() -> None:
    assert all(kept(codes()))


def test_the_weaker_of_two_copies_goes() -> None:
    z = codes()
    assert kept(torch.cat([z, 0.5 * z[:, :1]], dim=1)) == [True] * 6 + [False]


def test_a_direction_at_a_second_threshold_goes_also_when_it_saturates() -> None:
    z = codes()
    ladder = (z[:, :1] - 0.6).relu()
    assert not kept(torch.cat([z, ladder], dim=1))[-1]
    steps = torch.cat([(z[:, :1] > 0).float(), 0.9 * (ladder > 0).float()], dim=1)
    assert kept(torch.cat([steps, z[:, 1:]], dim=1))[:2] == [True, False]


def test_a_child_within_its_parent_stays() -> None:
    z = codes()
    child = torch.where(z[:, 1:2] > 0, 0.3 * torch.rand(len(z), 1) + 0.1, 0) * (z[:, :1] > 0)
    assert kept(torch.cat([z, child], dim=1))[-1]


def test_latents_that_write_the_same_count_once() -> None:
    rows = torch.eye(6)
    rows[1] = rows[0] + 0.5 * rows[1]
    assert sum(kept(codes(), rows)) == 5


def test_against_numpy() -> None:
    z = codes(c=40)
    z[:, 20:] = 0.4 * z[:, 20:] + z[:, :20] * torch.linspace(0, 2, 20)
    x = z.double().numpy()
    fires = x > 0
    expected = np.zeros((40, 40), dtype=bool)
    for j in range(40):
        for k in range(40):
            common = fires[:, j] & fires[:, k]
            jaccard = common.sum() / (fires[:, j] | fires[:, k]).sum()
            inside = common.sum() / min(fires[:, j].sum(), fires[:, k].sum())
            on_common = np.corrcoef(x[common, j], x[common, k])[0, 1] if common.sum() > 2 else 0
            alike = np.corrcoef(x[:, j], x[:, k])[0, 1]
            expected[j, k] = alike >= 0.8 or jaccard >= 0.8 or (inside >= 0.8 and on_common >= 0.9)
    np.testing.assert_array_equal(repeated_codes(z).numpy(), expected)
    assert 0 < expected.sum() - 40 < 1000


def test_cosine_of_rows() -> None:
    rows = torch.tensor([[1.0, 0.0], [0.71, 0.704], [0.0, 2.0], [0.0, 0.0]])
    assert repeated_rows(rows)[0].tolist() == [True, True, False, False]

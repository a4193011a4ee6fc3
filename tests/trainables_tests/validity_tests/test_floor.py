"""Dictionaries that nobody trained: sparse as asked for, of their kind, and the same again."""

from __future__ import annotations

import pytest
import torch

from tests.trainables_tests.validity_tests.judged import digits
from trainables.validity.card import validity_card
from trainables.validity.floor import CODES, KINDS, RIDGE, WIDTHS, coarse, dictionary, floors, never_trained


@pytest.mark.parametrize("kind", KINDS)
def test_as_many_codes_as_asked_for_and_the_mean_at_rest(kind: str) -> None:
    _, _, trained = digits()
    subject = never_trained(trained.subject, kind, trained.train_hidden, 64, 5, seed=0)
    assert subject.codes.shape[1] == 64
    assert float((subject.codes > 0).double().sum(dim=1).mean()) == pytest.approx(5, abs=0.2)
    mean = trained.train_hidden.mean(dim=0)
    assert torch.allclose(subject.model.decode(torch.zeros(1, 64))[0], mean, atol=1e-5)
    h = trained.train_hidden
    error = (subject.model.decode(subject.model.encode(h)[1]) - h).square().sum()
    assert float(error) < float((h - mean).square().sum())


def test_rows_are_what_they_are_called() -> None:
    _, _, trained = digits()
    h = trained.train_hidden
    centred = torch.nn.functional.normalize(h - h.mean(dim=0), dim=1)
    images = dictionary("images", h, 10, seed=0)
    assert torch.allclose((images @ centred.T).amax(dim=1), torch.ones(10), atol=1e-5)
    again = dictionary("kmeans", h, 10, seed=0)
    assert torch.equal(again, dictionary("kmeans", h, 10, seed=0))
    assert not torch.equal(dictionary("gaussian", h, 10, seed=0), dictionary("gaussian", h, 10, seed=1))


def test_the_trained_sae_stands_above_its_floor() -> None:
    _, _, trained = digits()
    found = floors(trained.subject, trained.controls, trained.train_hidden, 256, 8, 0, draws=64)
    own = validity_card(trained.subject, trained.controls).readable()
    assert set(found) == set(KINDS)
    assert own.value - own.se > max(readable.value + readable.se for readable, _ in found.values())


def test_sizes_are_rounded_towards_the_ridge_and_share_few_knots() -> None:
    """The floor grows with k and falls with the width up to k = f / 6, and the other way round beyond."""
    found = {}
    for width in range(1, 600, 5):
        for k in range(1, width // 2 + 2):
            w, rounded = found[width, k] = coarse(width, k)
            if k * RIDGE <= width:
                assert width / 2**0.5 - 1 < w <= width
                assert k <= rounded <= max(k, w // RIDGE, 1)
            else:
                assert width <= w < width * 2**0.5 + 1
                assert min(k, w // RIDGE) <= rounded <= k
            assert max(rounded / k, k / rounded) < 1.5
    sparse = {size for (width, k), size in found.items() if k * RIDGE <= width}
    assert len(sparse) < len(found) / 20
    assert all(coarse(w, k) == (w, k) for w in WIDTHS[:18] for k in CODES[:20] if k * RIDGE <= w)


@pytest.mark.parametrize(("width", "k"), [(179, 7), (85, 21)])
def test_rounding_does_not_lower_the_floor(width: int, k: int) -> None:
    _, _, trained = digits()
    exact, rounded = (
        max(
            readable.value
            for readable, _ in floors(
                trained.subject, trained.controls, trained.train_hidden, *size, 0, draws=None
            ).values()
        )
        for size in ((width, k), coarse(width, k))
    )
    assert rounded >= exact

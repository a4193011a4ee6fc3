"""Redundancy and stability of decoders, and what PCA leaves unexplained."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.decomposition import PCA

from trainables.metrics import pca_reference, redundancy, sae_statistics, stability
from trainables.metrics.directions import direction_families
from trainables.model.decoder_rows import decoder_rows


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def everything(n: int) -> torch.Tensor:
    return torch.ones(n, dtype=torch.bool)


@pytest.mark.parametrize(("others", "dimensions"), [(1, 3), (63, 32), (1023, 32), (20, 2), (5, 1)])
def test_expected_largest_cosine_is_that_of_a_simulation(others: int, dimensions: int) -> None:
    """4,000 draws, s.d. below 0.5 for two vectors in three dimensions: s.e. 0.009; four allowed."""
    draws = F.normalize(
        torch.randn(
            4000 * others // max(others // 4, 1), dimensions, generator=seeded(0), dtype=torch.float64
        ),
        dim=1,
    )
    axis = torch.zeros(dimensions, dtype=torch.float64)
    axis[0] = 1
    picks = torch.randint(0, len(draws), (4000, others), generator=seeded(1))
    simulated = float((draws @ axis)[picks].amax(dim=1).mean())
    assert redundancy.expected_largest_cosine(others, dimensions) == pytest.approx(simulated, abs=0.036)


def test_chance_agrees_with_the_published_check() -> None:
    assert redundancy.expected_largest_cosine(1023, 32) == pytest.approx(0.54, abs=0.01)


def test_orthogonal_rows_are_not_redundant_and_doubled_ones_are() -> None:
    assert redundancy.redundancy(torch.eye(6), everything(6)).value == 0
    assert redundancy.redundancy(torch.eye(6), everything(6)).skill == 1
    assert redundancy.redundancy(torch.eye(6).repeat(2, 1), everything(12)).value == pytest.approx(1)


def test_random_rows_are_at_chance_in_whatever_span_they_live() -> None:
    """300 rows: s.d. of the largest cosine about 0.07, s.e. with dependent rows about 0.006."""
    rows = (
        torch.randn(300, 10, generator=seeded(0))
        @ torch.linalg.qr(torch.randn(40, 10, generator=seeded(1)))[0].T
    )
    found = redundancy.redundancy(rows, everything(300))
    assert redundancy.rank(rows) == 10
    assert abs(found.skill) < 0.03


def test_dead_rows_do_not_count_and_scales_do_not_matter() -> None:
    rows = torch.randn(50, 16, generator=seeded(2))
    alive = torch.arange(50) < 30
    found = redundancy.redundancy(rows, alive)
    assert found.value == pytest.approx(redundancy.redundancy(rows[:30], everything(30)).value)
    scale = torch.logspace(-3, 3, 50)[:, None]
    assert redundancy.redundancy(rows * scale, alive).value == pytest.approx(found.value, abs=1e-5)
    assert redundancy.redundancy(rows, ~everything(50)) == redundancy.Redundancy(0.0, 0.0)


def test_decoder_rows_of_an_affine_decoder() -> None:
    rows, offset = torch.randn(7, 4, generator=seeded(0)), torch.randn(4, generator=seeded(1))

    class Affine:
        def decode(self, z: torch.Tensor) -> torch.Tensor:
            return z @ rows + offset

    found = decoder_rows(Affine(), 7, "cpu")  # type: ignore[arg-type]
    torch.testing.assert_close(found, rows, atol=1e-5, rtol=0)


def test_a_permuted_dictionary_is_found_again() -> None:
    rows = torch.randn(40, 8, generator=seeded(0))
    found = stability.pw_mcc(rows, everything(40), 3 * rows.flip(0), everything(40), 0)
    assert found.value == pytest.approx(1, abs=1e-6)
    assert found.skill == pytest.approx(1, abs=1e-5)


def test_unrelated_dictionaries_are_at_chance() -> None:
    """64 matched pairs: s.d. of a matched cosine about 0.1, s.e. about 0.013, of three null draws 0.008."""
    first, second = torch.randn(64, 32, generator=seeded(3)), torch.randn(64, 32, generator=seeded(4))
    found = stability.pw_mcc(first, everything(64), second, everything(64), 0)
    assert found.null > 0.3
    assert abs(found.skill) < 0.08


def test_the_matching_is_the_best_one() -> None:
    first, second = torch.randn(4, 3, generator=seeded(5)), torch.randn(4, 3, generator=seeded(6))
    cosines = (F.normalize(first, dim=1) @ F.normalize(second, dim=1).T).double().numpy()
    from itertools import permutations

    best = max(np.mean([cosines[i, p[i]] for i in range(4)]) for p in permutations(range(4)))
    assert stability.matched_cosine(first, second) == pytest.approx(best)


def test_a_row_without_a_partner_counts_nothing() -> None:
    rows = torch.eye(4)
    found = stability.pw_mcc(rows, everything(4), rows, torch.arange(4) < 3, 0)
    assert found.value == pytest.approx(0.75)
    assert stability.pw_mcc(rows, ~everything(4), rows, everything(4), 0) == stability.Stability(0.0, 0.0)


def test_pca_leaves_unexplained_what_scikit_learns_pca_leaves() -> None:
    h = (torch.randn(300, 12, generator=seeded(0)) @ torch.randn(12, 12, generator=seeded(1))).relu()
    train, val = h[:200], h[200:]
    curve = pca_reference.pca_fvu(train, val)
    for k in (1, 5, 12):
        oracle = PCA(k, svd_solver="full").fit(train.double().numpy())
        rebuilt = torch.tensor(oracle.inverse_transform(oracle.transform(val.double().numpy())))
        assert float(curve[k]) == pytest.approx(sae_statistics.fvu(val, rebuilt), abs=1e-9)
    assert pca_reference.at_components(curve, 1.25) == pytest.approx(float(0.75 * curve[1] + 0.25 * curve[2]))
    assert pca_reference.at_components(curve, 99.0) == float(curve[-1])


def test_constant_activations_leave_nothing_to_explain() -> None:
    assert pca_reference.pca_fvu(torch.ones(9, 3), torch.ones(4, 3)).tolist() == [1.0] * 4


def test_families_are_unit_rows_and_pca_has_no_direction_of_no_variance() -> None:
    h = torch.randn(100, 2, generator=seeded(0)) @ torch.randn(2, 6, generator=seeded(1))
    families = direction_families(h, 0)
    assert families["pca"].shape == (4, 6)
    for rows in families.values():
        torch.testing.assert_close(rows.norm(dim=1), torch.ones(len(rows)), atol=1e-5, rtol=0)

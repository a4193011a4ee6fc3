"""Matching latents with planted parts: exact dictionaries, halves and copies, nulls, and oracles."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import f1_score
from torch import Tensor

from trainables.metrics.planted_truth import pairwise_f1, truth_match

N, PARTS = 400, 6


def random_bits(n: int = N, columns: int = PARTS, share: float = 0.3, seed: int = 0) -> Tensor:
    return torch.rand(n, columns, generator=torch.Generator().manual_seed(seed)) < share


def test_a_dictionary_of_the_parts_themselves_is_perfect_in_any_order() -> None:
    present = random_bits()
    match = truth_match(present[:, torch.randperm(PARTS)], present, seed=0)
    assert (match.matched_f1, match.uniqueness, match.coverage, match.skill) == (1, 1, 1, 1)
    assert match.parts.tolist() == [1] * PARTS


def test_every_f1_is_scikit_learns() -> None:
    fires, present = random_bits(seed=1, columns=9, share=0.2), random_bits()
    ours = pairwise_f1(fires, present)
    for j in range(9):
        for p in range(PARTS):
            assert float(ours[j, p]) == pytest.approx(f1_score(present[:, p], fires[:, j]), abs=1e-12)


def test_the_assignment_is_the_best_of_all_permutations() -> None:
    fires, present = random_bits(seed=2, share=0.5), random_bits(seed=3, share=0.4)
    fires[:, 0] = present[:, 0] & fires[:, 1]
    f1 = pairwise_f1(fires, present).numpy()
    best = max(sum(f1[order[p], p] for p in range(PARTS)) for order in permutations(range(PARTS)))
    assert truth_match(fires, present, seed=0).matched_f1 == pytest.approx(best / PARTS)
    rows, columns = linear_sum_assignment(-f1)
    assert best == pytest.approx(f1[rows, columns].sum())


def test_random_codes_have_no_skill() -> None:
    present = random_bits(4000, 20)
    skills = [truth_match(random_bits(4000, 60, seed=s), present, seed=0).skill for s in (10, 11, 12)]
    assert np.abs(skills).max() < 0.01


def test_dense_codes_have_no_skill_though_their_f1_is_not_small() -> None:
    present = random_bits(share=0.45)
    match = truth_match(torch.ones(N, 50, dtype=torch.bool), present, seed=0)
    assert match.matched_f1 > 0.5
    assert match.skill == pytest.approx(0, abs=1e-9)


def test_copies_and_halves_cost_uniqueness_or_f1() -> None:
    present = random_bits()
    copies = truth_match(torch.cat([present] * 4, dim=1), present, seed=0)
    assert (copies.matched_f1, copies.coverage, copies.uniqueness) == (1, 1, 0.25)
    coin = random_bits(share=0.5, seed=4)
    split = truth_match(torch.cat([present & coin, present & ~coin], dim=1), present, seed=0)
    assert split.matched_f1 == pytest.approx(2 / 3, abs=0.05)  # half of a part: recall 1/2, precision 1
    assert split.uniqueness == 0.5


def test_labels_are_not_the_parts() -> None:
    """A class is two of the parts: a latent for the class finds neither as well as a latent of its own."""
    present = random_bits(share=0.5)
    pairs = torch.stack([present[:, i] & present[:, i + 1] for i in range(0, PARTS, 2)], dim=1)
    match = truth_match(pairs, present, seed=0)
    assert match.matched_f1 == pytest.approx(0.5 * 2 / 3, abs=0.05)
    assert match.coverage == 1
    assert match.uniqueness == 1


def test_parts_without_a_latent_count_zero_and_absent_parts_are_left_out() -> None:
    present = random_bits()
    assert truth_match(present[:, :3], present, seed=0).matched_f1 == pytest.approx(0.5, abs=1e-9)
    absent = torch.zeros(N, 2, dtype=torch.bool)
    assert truth_match(present, torch.cat([present, absent], dim=1), seed=0).matched_f1 == 1
    with pytest.raises(ValueError, match="nothing to find"):
        truth_match(present, absent, seed=0)


def test_a_dead_code_finds_nothing() -> None:
    match = truth_match(torch.zeros(N, 8, dtype=torch.bool), random_bits(), seed=0)
    assert (match.matched_f1, match.null, match.uniqueness, match.coverage) == (0, 0, 0, 0)

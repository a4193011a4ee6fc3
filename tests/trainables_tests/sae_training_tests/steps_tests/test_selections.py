"""The kernels that pick codes, against torch's top-k."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trainables.sae_training.kernels.above_cut import gather_above, list_codes
from trainables.sae_training.kernels.dead_largest import dead_largest
from trainables.sae_training.kernels.row_largest import row_largest

LIMITS = settings(max_examples=60, deadline=None)
# Few different values make ties; a wide range makes cuts hard to bisect.
LEVELS = st.sampled_from([3, 50, 10**6])


def pre_activations(rows: int, width: int, levels: int, spread: float, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    u = torch.randint(-levels, levels + 1, (rows, width), generator=generator) / levels
    return u * torch.exp(spread * torch.randn(rows, 1, generator=generator))


@LIMITS
@given(
    rows=st.integers(1, 5),
    width=st.sampled_from([2, 17, 64, 200, 700]),
    share=st.floats(0, 1),
    levels=LEVELS,
    spread=st.sampled_from([0.0, 20.0]),
    seed=st.integers(0, 10**6),
)
def test_row_largest_holds_the_k_largest_positive_values(
    rows: int, width: int, share: float, levels: int, spread: float, seed: int
) -> None:
    k = max(1, round(share * width))
    u = pre_activations(rows, width, levels, spread, seed)
    bias = u[0] * 0 + 0.25 * u[0].abs().max()
    products = u - bias
    latents, values = np.full(rows * k, -7, np.int32), np.full(rows * k, -7, np.float32)
    row_largest(0, rows, products.numpy(), bias.numpy(), k, latents, values)
    exact = products + bias
    expected = exact.topk(k, dim=1).values.clamp(min=0)
    got = torch.from_numpy(values).view(rows, k)
    assert torch.equal(got.sort(descending=True).values, expected)
    for row, places in enumerate(torch.from_numpy(latents).view(rows, k)):
        used = places[places >= 0].long()
        assert len(used.unique()) == len(used)
        assert torch.equal(exact[row, used], got[row][places >= 0])
        assert not got[row][places < 0].any()


@LIMITS
@given(
    rows=st.integers(1, 6),
    width=st.sampled_from([3, 32, 100]),
    levels=LEVELS,
    kept=st.floats(0, 1),
    seed=st.integers(0, 10**6),
)
def test_lists_hold_what_is_above_the_cut_and_as_many_ties_as_asked_for(
    rows: int, width: int, levels: int, kept: float, seed: int
) -> None:
    u = pre_activations(rows, width, levels, 0.0, seed)
    positive = u[u > 0].sort(descending=True).values
    if not len(positive):
        return
    wanted = max(1, round(kept * len(positive)))
    cut = float(positive[wanted - 1])
    ties = wanted - int((positive > cut).sum())
    stops = (width // 3, width // 2, width) if width > 6 else (width,)
    counts, found = np.zeros(rows, np.int64), np.zeros((rows, width), np.int32)
    found_values = np.zeros((rows, width), np.float32)
    gather_above(0, rows, u.numpy(), np.zeros(width, np.float32), 0.5 * cut, counts, found, found_values)
    first = np.full(len(stops) * rows + 1, -7, np.int64)
    latents, values = np.full(wanted, -7, np.int32), np.full(wanted, -7, np.float32)
    list_codes(counts, found, found_values, cut, ties, np.array(stops), first, latents, values)
    assert first[0] == 0
    assert first[-1] == wanted
    assert np.array_equal(np.sort(values)[::-1], positive[:wanted].numpy())
    for group, stop in enumerate(stops):
        start = 0 if group == 0 else stops[group - 1]
        for row in range(rows):
            own = slice(first[group * rows + row], first[group * rows + row + 1])
            assert all(start <= latent < stop for latent in latents[own])
            assert np.array_equal(u[row].numpy()[latents[own]], values[own])


@LIMITS
@given(rows=st.integers(1, 4), n_dead=st.integers(1, 30), levels=LEVELS, seed=st.integers(0, 10**6))
def test_dead_largest_are_the_largest_of_the_dead_whatever_their_sign(
    rows: int, n_dead: int, levels: int, seed: int
) -> None:
    u = pre_activations(rows, 40, levels, 0.0, seed)
    dead = torch.randperm(40, generator=torch.Generator().manual_seed(seed))[:n_dead].sort().values
    k = min(4, n_dead)
    latents, values = np.zeros(rows * k, np.int32), np.zeros(rows * k, np.float32)
    dead_largest(0, rows, u.numpy(), np.zeros(40, np.float32), dead.numpy(), k, latents, values)
    assert torch.equal(torch.from_numpy(values).view(rows, k), u[:, dead].topk(k, dim=1).values)
    for row, places in enumerate(torch.from_numpy(latents).view(rows, k).long()):
        assert len(places.unique()) == k
        assert bool(torch.isin(places, dead).all())
        assert torch.equal(u[row, places], torch.from_numpy(values).view(rows, k)[row])

"""NMF against exact solvers and scikit-learn's, and on parts that are known."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import nnls
from sklearn.decomposition import NMF

from tests.trainables_tests.confirmation_tests.judged import trained
from trainables.confirmation.nmf import Nmf, non_negative, parts
from trainables.seeds import generator


def test_codes_are_the_exact_non_negative_least_squares() -> None:
    draw = generator(0)
    rows = F.normalize(torch.rand(6, 12, generator=draw), dim=1)
    x = torch.rand(20, 12, generator=draw)
    codes = non_negative(rows @ rows.T, x @ rows.T, steps=400)
    exact = np.stack([nnls(rows.double().numpy().T, each)[0] for each in x.double().numpy()])
    assert torch.allclose(codes, torch.from_numpy(exact).float(), atol=1e-3)
    assert bool((codes == 0).any()), "some codes are at the bound, else nothing is tested"


def test_the_encoding_of_a_panel_is_close_to_exact() -> None:
    """With so many steps as it takes: what is left is far below what leaving out small codes costs."""
    h = trained().hidden
    rows = parts(h, 16, seed=0)
    found = Nmf(trained().model, rows, k=16)
    own = (h - found.decode(found.encode(h)[0])).square().sum()
    least = sum(nnls(rows.double().numpy().T, each)[1] ** 2 for each in h.double().numpy())
    assert float(own) <= least + 1e-3 * float(h.square().sum())


def test_parts_explain_as_much_as_sklearns() -> None:
    h = trained().hidden
    rows = parts(h, 6, seed=0)
    assert bool((rows >= 0).all())
    assert torch.allclose(rows.norm(dim=1), torch.ones(6), atol=1e-5)
    codes = non_negative(rows @ rows.T, h @ rows.T, steps=400)
    own = float((h - codes @ rows).square().sum())
    oracle = NMF(6, init="nndsvda", max_iter=600, tol=1e-5, random_state=0).fit(h.double().numpy())
    assert own <= 1.05 * oracle.reconstruction_err_**2


def test_planted_parts_are_found() -> None:
    """Four parts without a pixel in common, each in half of the samples."""
    draw = generator(1)
    truth = torch.block_diag(*(torch.rand(1, 3, generator=draw) + 0.2 for _ in range(4)))
    amounts = torch.rand(400, 4, generator=draw) * (torch.rand(400, 4, generator=draw) < 0.5)
    rows = parts(amounts @ truth, 4, seed=0)
    likeness = (rows @ F.normalize(truth, dim=1).T).amax(dim=0)
    assert float(likeness.min()) > 0.98


def test_the_k_largest_codes_stay() -> None:
    h = trained().hidden
    model = Nmf(trained().model, parts(h, 12, seed=0), k=3)
    u, z = model.encode(h)
    assert int((z > 0).sum(dim=1).max()) <= 3
    assert torch.equal(z.amax(dim=1), u.amax(dim=1))

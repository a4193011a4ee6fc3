"""Principal components without the covariance: those of scikit-learn, in memory linear in the pixels."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import Tensor

from trainables.bases.leading_components import leading_components


def planted(n: int = 300, d: int = 500, falls: float = 0.9) -> Tensor:
    """Rows with falling variances along random directions, away from 0."""
    drawn = torch.Generator().manual_seed(1)
    directions = torch.linalg.qr(torch.randn(d, d, generator=drawn, dtype=torch.float64)).Q
    scales = falls ** torch.arange(d, dtype=torch.float64)
    return ((torch.randn(n, d, generator=drawn, dtype=torch.float64) * scales) @ directions.T + 3).float()


@pytest.mark.parametrize("falls", [0.9, 0.99])
def test_they_are_those_of_scikit_learn(falls: float) -> None:
    x = planted(falls=falls)
    mean, found = leading_components(x, 20, narrow=0)
    expected = PCA(20, svd_solver="full").fit(x.double().numpy())
    np.testing.assert_allclose(mean.numpy(), expected.mean_, atol=1e-6)
    np.testing.assert_allclose(
        (found @ found.T).numpy(), expected.components_.T @ expected.components_, atol=2e-3
    )
    cosines = np.abs(np.sum(found.numpy() * expected.components_.T, axis=0))
    assert cosines.min() > 0.9999


def test_both_ways_agree_to_the_sign() -> None:
    x = planted()
    narrow, wide = leading_components(x, 10)[1], leading_components(x, 10, narrow=0)[1]
    torch.testing.assert_close(wide, narrow, rtol=0, atol=1e-4)


def test_equal_rows_give_equal_components() -> None:
    x = planted(n=40)
    assert torch.equal(leading_components(x, 5, narrow=0)[1], leading_components(x.clone(), 5, narrow=0)[1])


@pytest.mark.parametrize("n", [1, 3])
def test_fewer_rows_than_components_are_no_trouble(n: int) -> None:
    mean, found = leading_components(planted(n=n), 20, narrow=0)
    torch.testing.assert_close(found.T @ found, torch.eye(20, dtype=torch.float64), rtol=0, atol=1e-8)
    assert mean.isfinite().all()


MEASURED = """
import resource, sys, torch
from trainables.metrics.selectivity_statistics import pixel_embedding
from trainables.losses.monosemanticity import pixel_embedding as of_the_loss
torch.set_num_threads(1)
images = torch.rand(48, 128, 128, generator=torch.Generator().manual_seed(0))
images[24:, :64] *= 0.2
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for embed in (pixel_embedding, of_the_loss):
    found = embed(images)
    alike = found @ found.T
    assert alike[:24, :24].mean() > 0 > alike[:24, 24:].mean(), embed
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def test_large_images_take_megabytes() -> None:
    """At 128 x 128 the covariance takes 2.1 GB; pixels x (50 + 10) x 8 bytes are 8 MB, a handful at once."""
    done = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200e6

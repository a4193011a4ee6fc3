"""Codes refined when the SAE is used: against the formulas by hand, and what they are good for."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import normalize

from tests.trainables_tests.sae_builders import (
    build,
    disturb,
    mean_l0,
    outputs,
    planted,
    sae_config,
    unexplained,
)
from trainables import registry
from trainables.sae_training.train import train_sae
from trainables.saes.refinement import ista_step, leave_one_out

every_kind = pytest.mark.parametrize("kind", registry.SAES)


def test_leave_one_out_is_each_latents_own_least_squares_code() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = normalize(torch.randn(7, 5, generator=generator), dim=1).double()
    z = torch.rand(1, 7, generator=generator).double() * (torch.rand(1, 7, generator=generator) < 0.7)
    x = torch.randn(1, 5, generator=generator).double()
    kept = leave_one_out(z, x - z @ rows, rows, 0.2)
    for j in range(7):
        others = z.clone()
        others[0, j] = 0
        alone = torch.linalg.lstsq(rows[j][:, None], (x - others @ rows).T).solution.item()
        assert (kept[0, j] > 0) == (z[0, j] > 0 and alone > 0.2)
    assert torch.equal(kept[kept > 0], z[kept > 0])


def test_one_ista_step_is_a_gradient_step_of_half_the_squared_error() -> None:
    generator = torch.Generator().manual_seed(1)
    rows, x = torch.randn(6, 4, generator=generator), torch.randn(3, 4, generator=generator)
    z = torch.rand(3, 6, generator=generator).requires_grad_()
    (0.5 * (x - z @ rows).square().sum()).backward()
    assert z.grad is not None
    torch.testing.assert_close(ista_step(z, x - z @ rows, rows, 0.3), z - 0.3 * z.grad)


@every_kind
def test_only_use_is_refined_never_training(kind: str) -> None:
    plain = disturb(build(kind), size=0.02)
    refined = disturb(build(kind, refine_step=0.3, drop_below=0.3), size=0.02)
    x = outputs(50, seed=5) * plain.scale
    assert torch.equal(plain(x).z, refined(x).z)
    plain.eval(), refined.eval()
    before, after = plain.encode_scaled(x)[1], refined.encode_scaled(x)[1]
    assert not torch.equal(before, after)
    halves = torch.cat([refined.encode_scaled(part)[1] for part in x.split(20)])
    torch.testing.assert_close(halves, after, rtol=1e-4, atol=1e-5)


@every_kind
def test_superfluous_codes_go_at_little_cost(kind: str) -> None:
    y = planted(2000, r=20)[0]
    fields = {"width": 48, "k": 6, "target_l0": 6.0, "l1": 0.1, "active": 4}
    plain, dropped = (
        train_sae(sae_config(kind, **fields, drop_below=drop), y, epochs=4, seed=0, device="cpu").sae
        for drop in (0.0, 0.15)
    )
    assert mean_l0(dropped, y) < mean_l0(plain, y)
    assert unexplained(dropped, y) < unexplained(plain, y) + 0.1

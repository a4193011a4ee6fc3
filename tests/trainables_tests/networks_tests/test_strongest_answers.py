"""Compiled answers of templates against the plain formula: values, derivatives, what is not finite."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from trainables.networks.strongest_answers import Grid, plain_answers, strongest_answers

GRIDS = {
    28: Grid(9, 2, (14, 14), (4, 4), (3, 3), (4, 4)),
    8: Grid(3, 1, (8, 8), (3, 3), (2, 2), (3, 3)),
}
every_side = pytest.mark.parametrize("side", GRIDS)


def given(side: int, n: int = 20, templates: int = 7) -> tuple[Tensor, Tensor, Tensor]:
    """Images with black patches, unit templates and thresholds, all asking for gradients."""
    g = torch.Generator().manual_seed(side)
    images = torch.rand(n, side, side, generator=g)
    images[:, : side // 2, side // 3 :] = 0.0
    images[1] = 0.0
    weights = normalize(torch.rand(templates, GRIDS[side].size ** 2, generator=g), dim=1)
    cosines = torch.rand(templates, generator=g) * 0.9
    return images.requires_grad_(), weights.requires_grad_(), cosines.requires_grad_()


@every_side
def test_values_and_gradients_are_the_plain_formulas(side: int) -> None:
    inputs, grid = given(side), GRIDS[side]
    compiled, plain = (formula(*inputs, grid) for formula in (strongest_answers, plain_answers))
    assert type(compiled.grad_fn).__name__ == "_CompiledBackward"
    torch.testing.assert_close(compiled, plain)
    assert 0 < float((plain == 0).float().mean()) < 1
    weights = torch.randn(plain.shape, generator=torch.Generator().manual_seed(1))
    for ours, theirs in zip(
        torch.autograd.grad(compiled, inputs, weights),
        torch.autograd.grad(plain, inputs, weights),
        strict=True,
    ):
        # A patch of faint ink has a gradient as steep as it is faint.
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@every_side
def test_gradients_of_some_inputs_alone_are_the_same(side: int) -> None:
    inputs, grid = given(side), GRIDS[side]
    whole = torch.autograd.grad(strongest_answers(*inputs, grid).sum(), inputs)
    for place, expected in enumerate(whole):
        alone = [t if i == place else t.detach() for i, t in enumerate(inputs)]
        (found,) = torch.autograd.grad(strongest_answers(*alone, grid).sum(), alone[place])
        torch.testing.assert_close(found, expected)


@every_side
def test_second_derivatives_are_the_plain_formulas(side: int) -> None:
    inputs, grid = given(side), GRIDS[side]
    found = []
    for formula in (strongest_answers, plain_answers):
        (to_images,) = torch.autograd.grad(
            formula(*inputs, grid).square().sum(), inputs[0], create_graph=True
        )
        found.append(torch.autograd.grad(to_images.square().sum(), inputs[1:]))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_is_not_finite_is_not_swallowed(place: int) -> None:
    inputs = [tensor.detach().clone() for tensor in given(8)]
    inputs[place].view(-1)[-1] = torch.nan
    assert not bool(strongest_answers(*inputs, GRIDS[8]).isfinite().all())


def test_float64_is_exact_and_no_images_give_no_answers() -> None:
    inputs, grid = given(8), GRIDS[8]
    exact = strongest_answers(*(tensor.detach().double() for tensor in inputs), grid)
    assert exact.dtype == torch.float64
    torch.testing.assert_close(strongest_answers(*inputs, grid).double(), exact, rtol=1e-5, atol=1e-6)
    assert strongest_answers(inputs[0][:0], *inputs[1:], grid).shape == (0, 7, 9)

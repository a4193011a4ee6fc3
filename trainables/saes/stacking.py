"""Sums and products that mean the same for one SAE and for a stack of S.

A stack is an SAE whose every tensor has three dimensions, the first of them S: matrices (S, m, n), vectors
(S, 1, n), numbers (S, 1, 1). Inputs x are (S, b, r), codes (S, b, f). With this rule, and with what is below
in place of sums over whole tensors, the formulas of the kinds hold for both.
"""

from __future__ import annotations

import torch
from torch import Tensor


def total(values: Tensor) -> Tensor:
    """Sum over batch and features: a scalar of (b, m), (S, 1, 1) of (S, b, m)."""
    return values.sum() if values.dim() == 2 else values.sum((-2, -1), keepdim=True)


def over_batch(values: Tensor) -> Tensor:
    """Sum over the batch: (m,) of (b, m), (S, 1, m) of (S, b, m)."""
    return values.sum(0) if values.dim() == 2 else values.sum(-2, keepdim=True)


def least(values: Tensor) -> Tensor:
    """The smallest of all: a scalar of (b, m), (S, 1, 1) of (S, b, m)."""
    return values.min() if values.dim() == 2 else values.amin((-2, -1), keepdim=True)


def affine(bias: Tensor, x: Tensor, weights: Tensor) -> Tensor:
    """x W + bias (b, n) of x (b, m), W (m, n), bias (n,); in a stack S is in front, the bias (S, 1, n)."""
    return torch.addmm(bias, x, weights) if x.dim() == 2 else torch.baddbmm(bias, x, weights)


def affine_of_shifted(bias: Tensor, x: Tensor, shift: Tensor, weights: Tensor) -> Tensor:
    """(x - shift) W + bias, shapes as `affine`'s.

    In a stack as x W + (bias - shift W): of the gradient to x - shift only the sum over the batch is asked
    for, and this way it takes no product as large as the others.
    """
    if x.dim() == 2:
        return torch.addmm(bias, x - shift, weights)
    return torch.baddbmm(bias - shift @ weights, x, weights)


def largest_codes(u: Tensor, k: int, fewer: Tensor | None = None) -> Tensor:
    """relu(u) at the k largest of each row of u (..., n), 0 elsewhere.

    fewer (..., 1), integers at most k, says for each row how many of them count, where that differs: k itself
    is part of a tensor's shape.
    """
    largest = u.topk(k, dim=-1, sorted=fewer is not None)
    codes = largest.values.relu()
    if fewer is not None:
        codes = codes * (torch.arange(k, device=u.device) < fewer)
    # Backward, too, touches the k codes only, and writes all n once.
    return torch.zeros_like(u).scatter_(-1, largest.indices, codes)

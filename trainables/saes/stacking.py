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


def mask_of_largest(values: Tensor, k: int, fewer: Tensor | None = None) -> Tensor:
    """1 at the k largest of each row of values (..., n), 0 elsewhere.

    fewer (..., 1), integers at most k, says for each row how many of them count, where that differs: k itself
    is part of a tensor's shape.
    """
    largest = values.topk(k, dim=-1, sorted=fewer is not None).indices
    mask = torch.zeros_like(values)
    if fewer is None:
        return mask.scatter_(-1, largest, 1.0)
    counts = torch.arange(k, device=values.device) < fewer
    return mask.scatter_(-1, largest, counts.to(values.dtype).expand(largest.shape))

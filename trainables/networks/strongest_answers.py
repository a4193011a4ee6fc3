"""The strongest answer of each template in each region: what `parts` networks are made of.

On a CPU in float32 by compiled loops around one product, which leave out what is 0: patches without ink, and
on the way back every place that was not the strongest. For all other cases, and for second derivatives, there
is the plain formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

# Keeps the norm of a black patch differentiable; far below any ink.
NO_INK = 1e-12


@dataclass(frozen=True)
class Grid:
    """Patches of `size` pixels every `stride` in images padded by size // 2, and regions of their places."""

    size: int
    stride: int
    places: tuple[int, int]
    pool_size: tuple[int, int]
    pool_step: tuple[int, int]
    regions: tuple[int, int]


def strongest_answers(images: Tensor, templates: Tensor, cosines: Tensor, grid: Grid) -> Tensor:
    """max over places p of region R of relu(w_k . x_p - tau_k |x_p|), (b, K, rows * columns).

    images (b, h, w) >= 0; templates w (K, s * s); cosines tau (K,).
    """
    if _can_be_compiled(images, templates, cosines):
        answers: Tensor = _Compiled.apply(images, templates, cosines, grid)
        return answers
    return plain_answers(images, templates, cosines, grid)


def plain_answers(images: Tensor, templates: Tensor, cosines: Tensor, grid: Grid) -> Tensor:
    """`strongest_answers` by products with all patches, for any device and number type."""
    # As a product with patches, places before templates: on a CPU less than half of what a convolution of
    # one channel costs. The largest of all rectified values is the rectified largest.
    padded = functional.pad(images, (grid.size // 2,) * 4)
    patches = padded.unfold(1, grid.size, grid.stride).unfold(2, grid.size, grid.stride)
    n, rows, columns = patches.shape[:3]
    patches = patches.reshape(n * rows * columns, grid.size**2)
    energy = grid.size**2 * _box_means(padded.square(), grid.size, grid.stride)
    length = (energy + NO_INK).sqrt().view(-1, 1)
    answers = torch.addmm(length * -cosines, patches, templates.T)
    maps = answers.view(n, rows, columns, len(templates)).permute(0, 3, 1, 2)
    return functional.max_pool2d(maps, grid.pool_size, grid.pool_step).relu().flatten(2)


def _can_be_compiled(*tensors: Tensor) -> bool:
    """Plain float32 tensors on the CPU, none infinite or NaN: compiled comparisons would swallow that."""
    plain = all(type(t) in (Tensor, torch.nn.Parameter) for t in tensors)
    if not plain or any(t.device.type != "cpu" or t.dtype != torch.float32 for t in tensors):
        return False
    if torch.compiler.is_compiling() or len(tensors[0]) == 0:
        return False
    return all(bool(t.detach().sum().isfinite()) for t in tensors)


class _Compiled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, templates: Tensor, cosines: Tensor, grid: Grid) -> Tensor:
        # Numba takes a second to load.
        from trainables.networks import strongest_kernels as kernels

        padded = functional.pad(images, (grid.size // 2,) * 4).contiguous()
        energies = torch.empty(len(images), *grid.places)
        slots = torch.empty(energies.shape, dtype=torch.int32)
        lit = kernels.patch_energies(padded.numpy(), grid.size, grid.stride, energies.numpy(), slots.numpy())
        patches = torch.empty(lit, grid.size**2)
        kernels.lit_patches(padded.numpy(), grid.size, grid.stride, slots.numpy(), patches.numpy())
        lengths = (energies[slots >= 0] + NO_INK).sqrt()
        answers = torch.empty(len(images), len(templates), grid.regions[0] * grid.regions[1])
        where = torch.empty(answers.shape, dtype=torch.int32)
        kernels.strongest(
            (patches @ templates.T).numpy(),
            lengths.numpy(),
            cosines.contiguous().numpy(),
            slots.numpy(),
            grid.pool_size,
            grid.pool_step,
            grid.regions,
            answers.numpy(),
            where.numpy(),
        )
        ctx.save_for_backward(images, templates, cosines)
        ctx.found, ctx.grid = (patches, lengths, slots, where), grid
        return answers

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        images, templates, cosines = given = ctx.saved_tensors
        wanted = ctx.needs_input_grad[:3]
        if torch.is_grad_enabled():  # a second derivative will be asked for
            inputs = [tensor for tensor, needed in zip(given, wanted, strict=True) if needed]
            found = iter(
                torch.autograd.grad(
                    plain_answers(images, templates, cosines, ctx.grid), inputs, gradient, create_graph=True
                )
            )
            return (*(next(found) if needed else None for needed in wanted), None)
        from trainables.networks import strongest_kernels as kernels

        images, templates, cosines = images.detach(), templates.detach(), cosines.detach()
        patches, lengths, slots, where = ctx.found
        own = gradient.contiguous().numpy(), where.numpy()
        to_images = to_templates = to_cosines = None
        if wanted[1] or wanted[2]:
            to_templates, to_cosines = torch.zeros_like(templates), torch.zeros_like(cosines)
            kernels.to_templates(
                *own, patches.numpy(), lengths.numpy(), to_templates.numpy(), to_cosines.numpy()
            )
        if wanted[0]:
            padding, (height, width) = ctx.grid.size // 2, images.shape[1:]
            padded = torch.zeros(len(images), height + 2 * padding, width + 2 * padding)
            kernels.to_pixels(
                *own,
                slots.numpy(),
                patches.numpy(),
                lengths.numpy(),
                templates.contiguous().numpy(),
                cosines.contiguous().numpy(),
                ctx.grid.size,
                ctx.grid.stride,
                padded.numpy(),
            )
            to_images = padded[:, padding : padding + height, padding : padding + width]
        return to_images, to_templates, to_cosines, None


def _box_means(images: Tensor, size: int, stride: int) -> Tensor:
    """Means over squares of `size` pixels every `stride`, images (b, h, w): one direction after the other."""
    down = functional.avg_pool2d(images.unsqueeze(1), (size, 1), (stride, 1))
    return functional.avg_pool2d(down, (1, size), (1, stride)).squeeze(1)

"""The step of a dictionary with few active codes: one dense product, everything else on those alone.

A dense step multiplies 6 b r f numbers, three fold as many as the encoder needs. With k of f codes active the
other products have k / f of the work, if only the weights of active latents are read.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from trainables.sae_training.auxk import wanted_latents
from trainables.sae_training.kernels import team
from trainables.sae_training.kernels.by_latent import latent_gradients, sort_by_latent
from trainables.sae_training.kernels.dead_largest import dead_largest
from trainables.sae_training.kernels.reconstruction import reconstruct
from trainables.sae_training.steps.code_lists import SortedCodes, empty_lists
from trainables.sae_training.steps.descent import AdamStep
from trainables.sae_training.steps.selection import Selection
from trainables.sae_training.steps.step import Outcome, Step
from trainables.saes.sparse_autoencoder import SparseAutoencoder


class SparseStep:
    """Steps of one training in batches of at most `rows`; `dense` takes those with too many codes."""

    def __init__(
        self,
        auxk: float,
        sae: SparseAutoencoder,
        selection: Selection,
        descent: AdamStep,
        dense: Step,
        rows: int,
    ) -> None:
        self.auxk, self.selection, self.descent, self.dense = auxk, selection, descent, dense
        width, size = sae.decoder.shape
        dtype = sae.decoder.dtype
        self._rows, self._most = rows, max(1, int(selection.share * width))
        self._last = float(width)
        self._revived = wanted_latents(size)
        groups = len(selection.stops)
        capacity = rows * (self._most + (self._revived if auxk > 0 else 0))
        self._x = torch.zeros(rows, size, dtype=dtype)
        self._products = torch.zeros(rows, width, dtype=dtype)
        self._errors = torch.zeros((groups + 1) * rows, size, dtype=dtype)
        self._squares = torch.zeros((groups + 1) * rows, dtype=dtype)
        self._lists = empty_lists((groups + 1) * rows, capacity, self._x.numpy().dtype)
        self._sorted = SortedCodes(capacity, width, self._x.numpy().dtype)
        self._fired = np.zeros(width + 1, np.bool_)  # the last place is for latent -1
        self._no_bias = torch.zeros(size, dtype=dtype).numpy()

    def take(self, x: Tensor, rate: float, penalty_factor: float, dead: Tensor | None) -> Outcome:
        """One step over the active codes alone, as `Step` says."""
        outcome = None
        if self.selection.expected(self._last) <= self._most:
            outcome = self.gradients(x, penalty_factor, dead)
        if outcome is None:
            outcome = self.dense.take(x, rate, penalty_factor, dead)
            self._last = float(outcome.figures[2])
            return outcome
        self._last = float(outcome.figures[2])
        self.descent.descend(rate)
        self.selection.finish(self._last)
        return outcome

    def gradients(self, x: Tensor, penalty_factor: float, dead: Tensor | None) -> Outcome | None:
        """Fill the descent's gradients; None where there are too many codes."""
        size, descent, lists = len(x), self.descent, self._lists
        if size > self._rows:  # kernels do not check where they write
            raise ValueError(f"a batch of {size} in buffers for {self._rows}")
        groups = len(self.selection.stops)
        centred = torch.sub(x, descent.decoder_bias, out=self._x[:size])
        products = torch.mm(centred, descent.encoder.T, out=self._products[:size])
        bias = descent.encoder_bias.numpy()
        n = self.selection.select(products.numpy(), bias, lists, size * self._most)
        if n is None:
            return None
        l0 = int(np.count_nonzero(lists.values[:n])) / size
        self._fired[:] = False
        self._fired[lists.latents[:n]] = True
        fired = torch.from_numpy(self._fired[:-1].copy())
        weight = penalty_factor * self.selection.weight(l0)

        errors, squares = self._errors[: (groups + 1) * size], self._squares[: (groups + 1) * size]
        main = slice(groups * size)
        scale = -2 / (size * groups)
        self._reconstruct(x, descent.decoder_bias.numpy(), lists.first, scale, errors[main], squares[main])
        lists.slopes[:n] += weight / size
        loss = float(squares[main].sum()) / (size * groups)
        squared_error = float(squares[main][-size:].sum()) / size
        if weight:
            loss += weight * float(lists.values[:n].sum()) / size

        used = groups
        if dead is not None and len(dead):
            residual = errors[main][-size:] / scale
            loss += self._revive(residual, dead, n, groups)
            used = groups + 1
        self._collect(errors[: used * size], centred, used * size)
        torch.sum(errors[:size], 0, out=descent.to_decoder_bias)
        descent.add_encoder_path()
        descent.project()
        return Outcome(torch.tensor([loss, squared_error, l0]), fired)

    def _reconstruct(
        self, x: Tensor, bias: np.ndarray, first: np.ndarray, scale: float, errors: Tensor, squares: Tensor
    ) -> None:
        lists = self._lists
        work = int(first[len(errors)] - first[0]) * x.shape[1]
        inputs = x.numpy(), bias, self.descent.decoder.numpy(), first, lists.latents, lists.values
        outputs = errors.numpy(), lists.slopes, squares.numpy()
        team.run(reconstruct, len(x), work, *inputs, scale, *outputs)

    def _revive(self, residual: Tensor, dead: Tensor, begin: int, groups: int) -> float:
        """AuxK, see `auxk_loss`: append each sample's codes of dead latents behind the first `begin` places,
        as lists of their own; the weighted loss."""
        size, lists = len(residual), self._lists
        k = min(self._revived, len(dead))
        own = slice(groups * size, (groups + 1) * size)
        first = lists.first[groups * size : (groups + 1) * size + 1]
        first[:] = np.arange(begin, begin + (size + 1) * k, k)[: size + 1]
        team.run(
            dead_largest,
            size,
            size * len(dead),
            self._products[:size].numpy(),
            self.descent.encoder_bias.numpy(),
            dead.numpy(),
            k,
            lists.latents[begin:],
            lists.values[begin:],
        )
        variance = float((residual - residual.mean(0)).square().sum()) / size
        share = min(len(dead) / self._revived, 1.0)
        factor = 0.0
        if variance > 0:
            factor = self.auxk * residual.shape[1] * share / max(variance, 1e-12) / size
        self._reconstruct(residual, self._no_bias, first, -2 * factor, self._errors[own], self._squares[own])
        return factor * float(self._squares[own].sum())

    def _collect(self, errors: Tensor, centred: Tensor, n_lists: int) -> None:
        """The gradients of the latents' weights from all lists."""
        lists, target, descent = self._lists, self._sorted, self.descent
        sorted_codes = target.bounds, target.lists, target.values, target.slopes
        sort_by_latent(lists.first[: n_lists + 1], lists.latents, lists.values, lists.slopes, *sorted_codes)
        gradients = descent.to_decoder, descent.to_encoder, descent.to_encoder_bias
        team.run(
            latent_gradients,
            len(descent.decoder),
            int(target.bounds[-1]) * errors.shape[1],
            *sorted_codes,
            errors.numpy(),
            centred.numpy(),
            *(gradient.numpy() for gradient in gradients),
        )

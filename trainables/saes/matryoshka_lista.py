"""Nested dictionaries with what made them find most planted features in a benchmark.

On SynthSAEBench (arXiv 2602.14687), whose synthetic features have correlation, hierarchy and superposition,
a Matryoshka SAE is reported to go from a matched F1 of .88 to .97 with five changes: a step of a learned ISTA
in the encoder, k falling linearly, detached inner losses, prefixes sorted by firing rate, and a tilted loss.
What each means here is written out below.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from trainables.saes.matryoshka import MatryoshkaSae
from trainables.saes.refinement import ista_step
from trainables.saes.sparse_autoencoder import Forward
from trainables.settings import matryoshka_lista as settings

RATE_DECAY = 0.99
CALIBRATIONS = 3


class MatryoshkaListaSae(MatryoshkaSae):
    """Codes z = activate(u'), u' = u + lista_step r W_dec^T as in `refinement`, in training too. The loss is

        (1/m) sum_i tilted_b |x - b_dec - sg(x^_{i-1}) - x_i|^2,   x_i = z_i W_i of what prefix i adds,

    with x^_{i-1} the sum of the x of all prefixes before, held constant by sg unless detach_inner is off, so
    that a prefix trains the latents it adds; latents in the order of their running firing rates; and tilted_b
    e = (r / tilt) log mean_b exp(tilt e / r), the mean at tilt 0 (Li et al. 2021, arXiv 2007.01162).
    """

    rate: Tensor

    def __init__(self, config: settings.MatryoshkaListaSaeConfig, input_size: int) -> None:
        super().__init__(config, input_size)
        self.lista_step, self.tilt, self.detach_inner = config.lista_step, config.tilt, config.detach_inner
        self.register_buffer("rate", torch.zeros(config.width))

    def first_pass(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """u' and z, both (b, f)."""
        u, z = super().first_pass(x)
        u = ista_step(u, x - self.decode_scaled(z), self.decoder, self.lista_step)
        return u, self.activate(u)

    def reconstruction_loss(self, forward: Forward) -> Tensor:
        """The mean over prefixes above, a scalar."""
        order = self.rate.argsort(descending=True, stable=True)
        codes, rows = forward.z[:, order], self.decoder[order]
        centred = forward.x - self.decoder_bias
        explained, loss = torch.zeros_like(centred), centred.new_zeros(())
        for start, stop in pairwise((0, *self.prefixes)):
            before = explained.detach() if self.detach_inner else explained
            explained = before + (codes[:, start:stop] @ rows[start:stop]).to(centred.dtype)
            loss = loss + self._tilted((centred - explained).square().sum(dim=1))
        return loss / len(self.prefixes)

    @torch.no_grad()
    def end_step(self, forward: Forward) -> None:
        """Threshold and firing rates follow the batch."""
        super().end_step(forward)
        fired = (forward.z > 0).to(self.rate.dtype).mean(dim=0)
        self.rate.copy_(RATE_DECAY * self.rate + (1 - RATE_DECAY) * fired)

    @torch.no_grad()
    def calibrate(self, x: Tensor) -> None:
        """As BatchTopK's; again, since the step's own codes hang on the threshold."""
        for _ in range(CALIBRATIONS):
            super().calibrate(x)

    def _tilted(self, errors: Tensor) -> Tensor:
        """Of squared errors (b,), a scalar."""
        if self.tilt == 0:
            return errors.mean()
        size = self.decoder.shape[-1]
        mean_exponential = (self.tilt * errors / size).logsumexp(dim=0) - torch.log(
            torch.tensor(float(len(errors)), device=errors.device)
        )
        return size / self.tilt * mean_exponential

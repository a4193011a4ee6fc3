"""The sparse autoencoder that all kinds share; a kind says how pre-activations become codes.

    x = s y                              y (b, r), the basis' outputs; s so that E|x|^2 = r on train
    u = (x - b_dec) W_enc + b_enc        u (b, f), pre-activations
    z = activate(u) >= 0                 z (b, f), codes
    x^ = z W_dec + b_dec,  y^ = x^ / s   rows of W_dec have unit length

With E|x|^2 = r a sparsity weight means the same whatever the basis and the size of its outputs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trainables.config import SaeTraining

# Rows that the first gain of the encoder is fitted on.
INITIAL_ROWS = 8192


class SparseAutoencoder(nn.Module):
    """Weights and maps above. Built from config and r alone, it is a shell that `load_state_dict` fills."""

    scale: Tensor

    def __init__(self, config: SaeTraining, input_size: int) -> None:
        super().__init__()
        self.encoder = nn.Parameter(torch.zeros(input_size, config.width))
        self.encoder_bias = nn.Parameter(torch.zeros(config.width))
        self.decoder = nn.Parameter(torch.zeros(config.width, input_size))
        self.decoder_bias = nn.Parameter(torch.zeros(input_size))
        self.register_buffer("scale", torch.ones(()))

    @torch.no_grad()
    def initialise(self, y: Tensor, generator: torch.Generator) -> None:
        """First weights from a generator (CPU), fitted to train outputs y (n, r).

        Decoder rows are random unit vectors, the encoder is their transpose times the one gain with
        which the first reconstruction has the least squared error. Without it the first x^ of a ReLU code
        is f / 2r times too long, which a training of a few dozen steps (a low rung) never makes good.
        """
        power = y.double().square().sum(1).mean()
        self.scale.copy_(_or_one((y.shape[1] / power).sqrt()))
        self.decoder.copy_(torch.randn(self.decoder.shape, generator=generator))
        self.normalise_decoder()
        self.encoder.copy_(self.decoder.T)
        x = y[:INITIAL_ROWS] * self.scale
        reconstruction = self.decode_scaled(self.encode_scaled(x)[1])
        self.encoder.mul_(_or_one((x * reconstruction).sum() / reconstruction.square().sum()))

    def activate(self, u: Tensor) -> Tensor:
        """Codes z (b, f) of pre-activations u (b, f)."""
        raise NotImplementedError

    def penalty(self, z: Tensor) -> Tensor | None:
        """What the kind adds to the squared error, before warm-up; None for nothing."""
        raise NotImplementedError

    def encode_scaled(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """u and z, both (b, f), of scaled inputs x (b, r)."""
        u = torch.addmm(self.encoder_bias, x - self.decoder_bias, self.encoder)
        return u, self.activate(u)

    def decode_scaled(self, z: Tensor) -> Tensor:
        """x^ (b, r) of codes z (b, f)."""
        return torch.addmm(self.decoder_bias, z, self.decoder)

    def encode(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """u and z, both (b, f), of basis outputs y (b, r)."""
        return self.encode_scaled(y * self.scale)

    def decode(self, z: Tensor) -> Tensor:
        """y^ (b, r) of codes z (b, f)."""
        return self.decode_scaled(z) / self.scale

    @torch.no_grad()
    def project_decoder_gradient(self) -> None:
        """Take from each row's gradient the part along the row, which would only change its length."""
        gradient = self.decoder.grad
        if gradient is not None:
            along = (gradient * self.decoder).sum(1, keepdim=True)
            gradient.addcmul_(self.decoder, along, value=-1)

    @torch.no_grad()
    def normalise_decoder(self) -> None:
        """Bring the decoder's rows back to unit length."""
        self.decoder.div_(self.decoder.norm(dim=1, keepdim=True).clamp(min=1e-12))


def _or_one(factor: Tensor) -> Tensor:
    """1 where a factor is not finite: activations that are all 0 have no power, and any scale does."""
    return torch.where(torch.isfinite(factor), factor, torch.ones_like(factor))

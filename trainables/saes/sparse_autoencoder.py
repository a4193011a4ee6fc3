"""The sparse autoencoder that all kinds share; a kind says how pre-activations become codes.

    x = s y                              y (b, r), the basis' outputs; s so that E|x|^2 = r on train
    u = (x - b_dec) W_enc + b_enc        u (b, f), pre-activations
    z = activate(u) >= 0                 z (b, f), codes
    x^ = z W_dec + b_dec,  y^ = x^ / s   rows of W_dec have unit length

With E|x|^2 = r a sparsity weight means the same whatever the basis and the size of its outputs.

What a gradient step calls (the maps, both losses, `end_step`, projection and unit rows) is written so that it
holds for a stack of SAEs as well, see `stacking`: then losses are (S, 1, 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from trainables.saes.refinement import ista_step, leave_one_out
from trainables.saes.stacking import affine, affine_of_shifted, total
from trainables.saes.start import draw_decoder, free_directions, kmeans_rows
from trainables.settings.sae import SaeTrainingConfig

# Rows that the first gain of the encoder is fitted on.
INITIAL_ROWS = 8192
# Encoder columns and biases of restarted latents, as a share of the others' mean. Bricken et al. take 0.2,
# with which no latent ever comes among the k largest (digits, TopK 8 of 256, 4 restarts: 26 % dead with
# 0.2, 14 % with 0.5, 25 % without restarts); 1 unsettles a sparsity that is being steered.
RESTART_LENGTH = 0.5


@dataclass(frozen=True)
class Forward:
    """One pass: inputs x (b, r), u (b, f), codes z (b, f) and the residual x - x^ (b, r)."""

    x: Tensor
    u: Tensor
    z: Tensor
    residual: Tensor


class SparseAutoencoder(nn.Module):
    """Weights and maps above. Built from config and r alone, it is a shell that `load_state_dict` fills.

    The loss of a batch is `reconstruction_loss + penalty`. A training calls `begin_step` before and
    `end_step` after every gradient step, and `calibrate` once at its end.
    """

    # Parameters whose gradient on purpose is not the derivative of the loss (estimators, stopped gradients).
    SURROGATE_GRADIENTS: ClassVar[frozenset[str]] = frozenset()

    # Tensors with dimensions none of which counts latents; in all others one does.
    OF_NO_LATENT: ClassVar[frozenset[str]] = frozenset({"decoder_bias"})

    # Attributes that hold numbers of the config: members of one stack may differ in them.
    HYPERPARAMETERS: ClassVar[tuple[str, ...]] = ()

    scale: Tensor

    def __init__(self, config: SaeTrainingConfig, input_size: int) -> None:
        super().__init__()
        # In memory by latent, as the decoder: a latent's gradient and moments then lie together.
        self.encoder = nn.Parameter(torch.zeros(config.width, input_size).T)
        self.encoder_bias = nn.Parameter(torch.zeros(config.width))
        self.decoder = nn.Parameter(torch.zeros(config.width, input_size))
        self.decoder_bias = nn.Parameter(torch.zeros(input_size))
        self.register_buffer("scale", torch.ones(()))
        self.refine_step, self.drop_below = config.refine_step, config.drop_below
        self._datapoint_share = config.datapoint_init
        self._from_kmeans = config.kmeans_start
        self._free_encoder = config.encoder_start == "free"

    @torch.no_grad()
    def initialise(self, y: Tensor, generator: torch.Generator) -> None:
        """First weights from a generator (CPU), fitted to train outputs y (n, r).

        Decoder rows are random unit vectors, or lean towards train samples, or are centres of them; the
        encoder is their transpose times the one gain with which the first reconstruction has the least
        squared error. Without it the first x^ of a ReLU code is f / 2r times too long, which a training of a
        few dozen steps (a low rung) never makes good. A free encoder keeps these lengths and takes its
        directions at random.
        """
        power = y.double().square().sum(1).mean()
        self.scale.copy_(_or_one((y.shape[1] / power).sqrt()))
        if self._from_kmeans:
            self.decoder.copy_(kmeans_rows(len(self.decoder), y, generator))
        else:
            self.decoder.copy_(draw_decoder(self.decoder.shape, y, self._datapoint_share, generator))
        self.encoder.copy_(self.decoder.T)
        x = y[:INITIAL_ROWS] * self.scale
        self.fit_start(x)
        reconstruction = self.decode_scaled(self.encode_scaled(x)[1])
        gain = _or_one((x * reconstruction).sum() / reconstruction.square().sum())
        self.scale_codes(gain)
        if self._free_encoder:
            self.encoder.copy_(free_directions(self.encoder.shape, generator))
            self.encoder.mul_(gain)

    def fit_start(self, x: Tensor) -> None:
        """Whatever else a kind fits to inputs x (n, r) before the encoder's gain is known."""

    def scale_codes(self, gain: Tensor) -> None:
        """Multiply all codes by a gain > 0, one for all or one a latent (f,)."""
        self.encoder.mul_(gain)
        self.encoder_bias.mul_(gain)

    def activate(self, u: Tensor) -> Tensor:
        """Codes z (b, f) of pre-activations u (b, f)."""
        raise NotImplementedError

    def reconstruction_loss(self, forward: Forward) -> Tensor:
        """mean_b |x - x^|^2, a scalar."""
        return total(forward.residual.square()) / forward.residual.shape[-2]

    def penalty(self, forward: Forward) -> Tensor | None:  # noqa: ARG002
        """What the kind adds to the reconstruction loss, before warm-up; None for nothing."""
        return None

    def begin_step(self, progress: float) -> None:
        """Called before each gradient step with the share of the training that is behind it, and with 1
        at the end."""

    def end_step(self, forward: Forward) -> None:
        """Called after each gradient step with the pass it was taken from."""

    def calibrate(self, x: Tensor) -> None:
        """Called once after the last step, in `eval` mode, with all train inputs x (n, r)."""

    def together(self, latents: Tensor) -> Tensor:
        """`latents` (n,), in rising order, with those that cannot be taken out of the SAE without them."""
        return latents

    @torch.no_grad()
    def restart(self, latents: Tensor, directions: Tensor) -> None:
        """Begin `latents` (m,) anew along unit `directions` (m, r).

        Encoder column and bias are `RESTART_LENGTH` times what the others have on average.
        """
        others = torch.ones(len(self.decoder), dtype=torch.bool, device=latents.device)
        others[latents] = len(latents) == len(others)
        self.decoder[latents] = directions
        length = self.encoder.norm(dim=0)[others].mean()
        self.encoder[:, latents] = RESTART_LENGTH * length * directions.T
        self.encoder_bias[latents] = RESTART_LENGTH * self.encoder_bias[others].mean()

    def pre_activations(self, x: Tensor) -> Tensor:
        """u (b, f) of scaled inputs x (b, r), as the encoder alone gives them."""
        # Under autocast the product alone is in half precision: thresholds and ranks need the full one.
        return affine_of_shifted(self.encoder_bias, x, self.decoder_bias, self.encoder).to(x.dtype)

    def first_pass(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """u and z, both (b, f), of scaled inputs x (b, r), as training has them."""
        u = self.pre_activations(x)
        return u, self.activate(u)

    def encode_scaled(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """u and z, both (b, f), of scaled inputs x (b, r).

        Where the SAE is used, not trained, and the config asks for it, they are refined: see `refinement`.
        """
        u, z = self.first_pass(x)
        if self.training:
            return u, z
        if self.refine_step > 0:
            u = ista_step(u, x - self.decode_scaled(z), self.decoder, self.refine_step)
            z = self.activate(u)
        if self.drop_below > 0:
            z = leave_one_out(z, x - self.decode_scaled(z), self.decoder, self.drop_below)
        return u, z

    @property
    def reads_at_once(self) -> bool:
        """Whether u, when the SAE is used, is the encoder's affine map of x and nothing else."""
        return type(self).first_pass is SparseAutoencoder.first_pass and self.refine_step == 0

    def decode_scaled(self, z: Tensor) -> Tensor:
        """x^ (b, r) of codes z (b, f)."""
        return affine(self.decoder_bias, z, self.decoder).to(z.dtype)

    def forward(self, x: Tensor) -> Forward:
        """Everything of one pass over scaled inputs x (b, r)."""
        u, z = self.encode_scaled(x)
        return Forward(x, u, z, x - self.decode_scaled(z))

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
            along = (gradient * self.decoder).sum(-1, keepdim=True)
            gradient.addcmul_(self.decoder, along, value=-1)

    @torch.no_grad()
    def normalise_decoder(self) -> None:
        """Bring the decoder's rows back to unit length."""
        self.decoder.div_(self.decoder.norm(dim=-1, keepdim=True).clamp(min=1e-12))


def _or_one(factor: Tensor) -> Tensor:
    """1 where a factor is not finite: activations that are all 0 have no power, and any scale does."""
    return torch.where(torch.isfinite(factor), factor, torch.ones_like(factor))

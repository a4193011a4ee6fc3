"""A trial's SAE as one that reads the raw hidden activations: no basis, no scale.

With the basis y = (h - m) M, h^ = y M+ + m and the scale s of `trainables.saes.sparse_autoencoder`,

    u = (s (h - m) M - b_dec) W_enc + b_enc         = (h - B) E + c
    h^ = (z W_dec + b_dec) M+ / s + m               = z D + B

    E = s M W_enc   D = W_dec M+ / s   B = b_dec M+ / s + m   c = b_enc + (B - m) E - b_dec W_enc.

Of all splits of u's constant between B and c this one subtracts what the decoder adds, which is the usual
form elsewhere, and h - B is small where h is typical, so float32 loses least.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from analysis.export_formats.rules import Gated, Rule, Threshold, rule_of
from search.errors import RunDirectoryError, SpaceError

if TYPE_CHECKING:
    from trainables.model.feature_model import FeatureModel


@dataclass(frozen=True)
class FoldedSae:
    """E (d, f), c (f,), D (f, d), B (d,) and the rule; float32, rows of D are of any length."""

    encoder: Tensor
    encoder_bias: Tensor
    decoder: Tensor
    decoder_bias: Tensor
    rule: Rule

    def tensors(self) -> dict[str, Tensor]:
        """Everything by name, contiguous."""
        own = {
            "encoder": self.encoder,
            "encoder_bias": self.encoder_bias,
            "decoder": self.decoder,
            "decoder_bias": self.decoder_bias,
        }
        return {name: tensor.contiguous() for name, tensor in (own | self.rule.tensors()).items()}

    def preactivations(self, h: Tensor) -> Tensor:
        """u (b, f) of h (b, d)."""
        return (h - self.decoder_bias) @ self.encoder + self.encoder_bias

    def encode(self, h: Tensor) -> Tensor:
        """z (b, f) of h (b, d)."""
        return self.rule.codes(self.preactivations(h))

    def decode(self, z: Tensor) -> Tensor:
        """h^ (b, d) of z (b, f)."""
        return z @ self.decoder + self.decoder_bias


def fold(model: FeatureModel) -> FoldedSae:
    """The same codes and reconstructions from folded weights, computed in float64 and rounded once.

    SpaceError for an SAE without a rule, RunDirectoryError for weights that are not finite.
    """
    sae = model.sae
    bad = [name for name, t in model.tensors().items() if t.is_floating_point() and not t.isfinite().all()]
    if bad:
        raise RunDirectoryError(
            f"the trial's weights are not all finite numbers ({bad[0]}): nothing to export"
        )
    if sae.refine_step > 0 or sae.drop_below > 0:
        raise SpaceError(
            "sae.refine_step and sae.drop_below correct codes in use, for which no format has a map"
        )
    mean, forward_map, inverse_map = _affine(model)
    scale = sae.scale.double()
    w_enc, b_enc = sae.encoder.detach().double(), sae.encoder_bias.detach().double()
    w_dec, b_dec = sae.decoder.detach().double(), sae.decoder_bias.detach().double()
    encoder = scale * forward_map @ w_enc
    decoder_bias = b_dec @ inverse_map / scale + mean
    # What is rounded below must not come back in u: c makes up for the rounding of B and E.
    rounded_encoder, rounded_bias = encoder.float().double(), decoder_bias.float().double()
    constant = b_enc - b_dec @ w_enc - mean @ encoder + rounded_bias @ rounded_encoder
    return FoldedSae(
        encoder.float(),
        constant.float(),
        (w_dec @ inverse_map / scale).float(),
        decoder_bias.float(),
        _rounded(rule_of(sae)),
    )


def _affine(model: FeatureModel) -> tuple[Tensor, Tensor, Tensor]:
    """m (d,), M (d, r) and M+ (r, d) of any basis, read off what it does, in float64.

    Every basis is affine, so its images of 0 and of the unit vectors say everything; asking a copy in
    float64 gives its stored maps back without a rounding.
    """
    basis = deepcopy(model.basis).double()
    mean = basis.mean
    forward_map = basis.encode(torch.eye(len(mean), dtype=torch.float64) + mean)
    inverse_map = basis.decode(torch.eye(basis.rank, dtype=torch.float64)) - mean
    return mean, forward_map, inverse_map


def _rounded(rule: Rule) -> Rule:
    if isinstance(rule, Threshold):
        return Threshold(rule.threshold.float())
    if isinstance(rule, Gated):
        return Gated(rule.gain.float(), rule.offset.float())
    return rule

"""How pre-activations become codes once training is over: four rules for all kinds of SAE.

A rule depends on u alone, so basis, scale and biases can be folded into the map that gives u.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import torch
from torch import Tensor

from search.errors import SpaceError
from trainables.foreign import is_foreign
from trainables.saes.batch_topk import BatchTopKSae
from trainables.saes.gated import GatedSae
from trainables.saes.jumprelu import JumpReluSae
from trainables.saes.matryoshka_lista import MatryoshkaListaSae
from trainables.saes.relu import ReluSae
from trainables.saes.relu_target import ReluTargetSae
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.saes.topk import TopKSae


@dataclass(frozen=True)
class Relu:
    """z = max(0, u)."""

    name = "relu"

    def codes(self, u: Tensor) -> Tensor:
        """z (b, f) of u (b, f), as all rules."""
        return u.relu()

    def distance_to_jump(self, u: Tensor) -> Tensor:
        """(b, f): by how much an entry of u must change before its code jumps."""
        return torch.full_like(u, torch.inf)

    def tensors(self) -> dict[str, Tensor]:
        """What the rule needs beside u."""
        return {}

    def numpy_lines(self) -> list[str]:
        """From `u` to `z` in numpy, with tensors in `t`."""
        return ["z = np.maximum(u, 0)"]


@dataclass(frozen=True)
class TopK:
    """z = max(0, u) on each sample's k largest u, else 0."""

    k: int
    name = "topk"

    def codes(self, u: Tensor) -> Tensor:
        """No more than k of a row are above 0."""
        values, latents = u.topk(self.k, dim=1, sorted=False)
        return torch.zeros_like(u).scatter(1, latents, values.relu())

    def distance_to_jump(self, u: Tensor) -> Tensor:
        """To the largest u left out, for those that are in; to the smallest that is in, for the others."""
        if self.k >= u.shape[1]:
            return torch.full_like(u, torch.inf)
        last_in, first_out = u.topk(self.k + 1, dim=1).values[:, -2:].split(1, dim=1)
        return torch.where(u >= last_in, u - first_out, last_in - u)

    def tensors(self) -> dict[str, Tensor]:
        """None; k is a setting."""
        return {}

    def numpy_lines(self) -> list[str]:
        """Three, for exactly k where several u are equal."""
        return [
            f'top = np.argsort(-u, axis=1, kind="stable")[:, :{self.k}]',
            "z = np.zeros_like(u)",
            "np.put_along_axis(z, top, np.maximum(np.take_along_axis(u, top, axis=1), 0), axis=1)",
        ]


@dataclass(frozen=True)
class Threshold:
    """z = u where u > threshold, else 0; threshold (f,) >= 0."""

    threshold: Tensor
    name = "threshold"

    def codes(self, u: Tensor) -> Tensor:
        """No code lies between 0 and its threshold."""
        return u.relu() * (u > self.threshold).to(u.dtype)

    def distance_to_jump(self, u: Tensor) -> Tensor:
        """The distance |u - t| of every pre-activation to its latent's threshold."""
        return (u - self.threshold).abs()

    def tensors(self) -> dict[str, Tensor]:
        """The thresholds t (f,), as the export stores them."""
        return {"threshold": self.threshold}

    def numpy_lines(self) -> list[str]:
        """One line of numpy that makes codes z of pre-activations u."""
        return ['z = np.where(u > t["threshold"], np.maximum(u, 0), 0)']


@dataclass(frozen=True)
class Gated:
    """z = max(0, gain u + offset) where u > 0, else 0; gain > 0 and offset (f,)."""

    gain: Tensor
    offset: Tensor
    name = "gated"

    def codes(self, u: Tensor) -> Tensor:
        """u is the gate's pre-activation, of which the magnitude's is an affine function."""
        return (self.gain * u + self.offset).relu() * (u > 0).to(u.dtype)

    def distance_to_jump(self, u: Tensor) -> Tensor:
        """Distance to the gate's 0."""
        return u.abs()

    def tensors(self) -> dict[str, Tensor]:
        """The gains and offsets (f,), as the export stores them."""
        return {"gain": self.gain, "offset": self.offset}

    def numpy_lines(self) -> list[str]:
        """One line of numpy that makes codes z of pre-activations u."""
        return ['z = np.where(u > 0, np.maximum(t["gain"] * u + t["offset"], 0), 0)']


Rule = Relu | TopK | Threshold | Gated


def rule_of(sae: SparseAutoencoder) -> Rule:
    """The rule of a trained SAE, in float64. SpaceError for a kind that nobody has written one for.

    A kind from outside may have a method `export_rule` that returns one; one that overrides `activate` of a
    kind of ours has other codes, and must.
    """
    export_rule: Any = getattr(type(sae), "export_rule", None)
    if export_rule is not None:
        own: Rule = export_rule(sae)
        return own
    if is_foreign(type(sae)) and any(
        "activate" in vars(base) and is_foreign(base) for base in type(sae).__mro__
    ):
        raise SpaceError(
            f"SAEs of type {type(sae).__name__} cannot be exported: their codes follow by a rule of their "
            "own; give the class a method export_rule that returns one of analysis/export_formats/rules.py"
        )
    return _rule_of(sae)


@singledispatch
def _rule_of(sae: SparseAutoencoder) -> Rule:
    """The rule of a trained SAE, in float64. SpaceError for a kind that nobody has written one for."""
    raise SpaceError(
        f"SAEs of type {type(sae).__name__} cannot be exported yet: analysis/export_formats/rules.py has no "
        "rule by which its codes follow from its pre-activations"
    )


@_rule_of.register(ReluSae)
@_rule_of.register(ReluTargetSae)
def _(sae: ReluSae | ReluTargetSae) -> Rule:  # noqa: ARG001
    return Relu()


@_rule_of.register
def _(sae: TopKSae) -> Rule:
    return TopK(sae.k)


@_rule_of.register
def _(sae: BatchTopKSae) -> Rule:
    # Matryoshka SAEs too: prefixes are a matter of the training alone.
    return Threshold(sae.threshold.double().repeat(len(sae.encoder_bias)))


@_rule_of.register
def _(sae: MatryoshkaListaSae) -> Rule:
    raise SpaceError(
        f"{type(sae).__name__} encodes in two passes; no format has a map that folds them into one"
    )


@_rule_of.register
def _(sae: JumpReluSae) -> Rule:
    return Threshold(sae.threshold.detach().double())


@_rule_of.register
def _(sae: GatedSae) -> Rule:
    # The magnitude e^g (u - b_enc) + c, sorted by powers of u.
    gain = sae.log_gain.detach().double().exp()
    return Gated(gain, sae.magnitude_bias.detach().double() - gain * sae.encoder_bias.detach().double())

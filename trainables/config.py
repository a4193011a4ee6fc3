"""What a trial can be told: one typed model per section and kind.

This file imports no torch, so a space file is checked in a fraction of a second. A section with
variants is a union discriminated by `kind`; every kind is one class here, one class that does the
work, and one line in `trainables.registry`. Cross-field rules are data (`RULES`), because the space
check must hold them against the ends of a domain and name the fields they concern.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A frozen group of settings; a key that nobody reads is refused, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class ClassifierTraining(Section):
    """How the classifier is trained, whatever its architecture."""

    epochs: int = Field(18, ge=1, le=10_000, description="Passes over the training images at full budget.")
    learning_rate: float = Field(1e-3, gt=0, le=1, description="Adam step size, constant.")
    batch_size: int = Field(128, ge=8, le=8192, description="Images per gradient step.")
    weight_decay: float = Field(0.0, ge=0, le=1, description="Coupled L2 added to Adam's gradient.")


class MlpClassifier(ClassifierTraining):
    """Fully connected network; the SAE reads its last hidden layer, after the ReLU."""

    kind: Literal["mlp"] = "mlp"
    hidden_size: int = Field(128, ge=4, le=8192, description="Units in every hidden layer.")
    depth: int = Field(1, ge=1, le=3, description="Number of hidden layers.")


class ConvClassifier(ClassifierTraining):
    """Two 3x3 convolutions with stride 2, then one hidden layer that the SAE reads."""

    kind: Literal["conv"] = "conv"
    hidden_size: int = Field(
        128, ge=4, le=8192, description="Units in the hidden layer after the convolutions."
    )
    channels: int = Field(
        16, ge=1, le=512, description="Channels of the first convolution; the second has twice as many."
    )


class RawBasis(Section):
    """The SAE reads the centred activations as they are."""

    kind: Literal["raw"] = "raw"


class PcaBasis(Section):
    """Projection onto the leading principal components."""

    kind: Literal["pca"] = "pca"
    components: int = Field(32, ge=1, le=8192, description="Principal components kept.")


class WhitenedPcaBasis(Section):
    """Principal components, each scaled to unit variance."""

    kind: Literal["whitened_pca"] = "whitened_pca"
    components: int = Field(32, ge=1, le=8192, description="Principal components kept.")


class IcaBasis(Section):
    """FastICA directions of the activations."""

    kind: Literal["ica"] = "ica"
    components: int = Field(32, ge=1, le=8192, description="Independent components kept.")


class SaeTraining(Section):
    """How the SAE is trained, whatever its activation.

    The dead window is in samples and defaults to about one epoch of 60,000 images: windows of
    millions of samples, usual for language models, never open on digits.
    """

    width: int = Field(256, ge=2, le=65_536, description="Number of latents.")
    epochs: int = Field(60, ge=1, le=100_000, description="Passes over the activations at full budget.")
    learning_rate_scale: float = Field(
        1.0, ge=1e-3, le=1e3, description="Multiplies the width-scaled Adam rate 2e-4 / sqrt(width / 2^14)."
    )
    batch_size: int = Field(256, ge=8, le=65_536, description="Activations per gradient step.")
    warmup: float = Field(0.05, ge=0, le=0.5, description="Share of steps over which rate and sparsity rise.")
    decay: float = Field(
        0.2, ge=0, le=1, description="Share of steps, at the end, over which the rate falls to 0."
    )
    auxk: float = Field(
        1 / 32, ge=0, le=10, description="Weight of the AuxK loss that revives dead latents; 0 is off."
    )
    dead_window: int = Field(
        20_000,
        ge=100,
        le=100_000_000,
        description="Samples without firing after which a latent counts as dead in AuxK.",
    )


class ReluSae(SaeTraining):
    """ReLU codes under an L1 penalty."""

    kind: Literal["relu"] = "relu"
    l1: float = Field(
        1.0, ge=0, le=1e4, description="Weight of sum |z| beside the summed squared error at E|x|^2 = d."
    )


class TopKSae(SaeTraining):
    """The k largest ReLU codes of every sample."""

    kind: Literal["topk"] = "topk"
    k: int = Field(8, ge=1, le=8192, description="Latents kept per sample.")


class Auxiliary(Section):
    """Terms added to the classifier's cross entropy; 0 switches one off."""

    activation_l1: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the mean absolute hidden activation."
    )
    junk_penalty: float = Field(
        0.0,
        ge=0,
        le=1e4,
        description="Weight of the share of hidden input-gradient energy outside the strokes.",
    )


Classifier = Annotated[MlpClassifier | ConvClassifier, Field(discriminator="kind")]
Basis = Annotated[RawBasis | PcaBasis | WhitenedPcaBasis | IcaBasis, Field(discriminator="kind")]
Sae = Annotated[ReluSae | TopKSae, Field(discriminator="kind")]


class TrialConfig(Section):
    """Everything that distinguishes one trial from another."""

    classifier: Classifier = MlpClassifier()
    basis: Basis = RawBasis()
    sae: Sae = TopKSae()
    auxiliary: Auxiliary = Auxiliary()
    replicate: int = Field(
        0, ge=0, le=1_000_000, description="Enters every stage's seed; pairs trials of one design."
    )


# Section -> kind -> model. A section left out of a space file takes TrialConfig's default.
KINDS: dict[str, dict[str, type[Section]]] = {
    "classifier": {"mlp": MlpClassifier, "conv": ConvClassifier},
    "basis": {"raw": RawBasis, "pca": PcaBasis, "whitened_pca": WhitenedPcaBasis, "ica": IcaBasis},
    "sae": {"relu": ReluSae, "topk": TopKSae},
}
# Sections without variants.
PLAIN: dict[str, type[Section]] = {"auxiliary": Auxiliary}
# Fields of the trial itself.
SCALARS: tuple[str, ...] = ("replicate",)


@dataclass(frozen=True)
class Rule:
    """A relation between two or more fields that every reachable trial must satisfy."""

    fields: tuple[str, ...]
    holds: Callable[..., bool]
    sentence: str


RULES: tuple[Rule, ...] = (
    Rule(("sae.k", "sae.width"), lambda k, width: k < width, "sae.k must be smaller than sae.width"),
    Rule(
        ("basis.components", "classifier.hidden_size"),
        lambda components, hidden_size: components <= hidden_size,
        "basis.components must not exceed classifier.hidden_size",
    ),
    Rule(
        ("sae.warmup", "sae.decay"),
        lambda warmup, decay: warmup + decay <= 1,
        "sae.warmup and sae.decay are shares of one training: together at most 1",
    ),
)

"""The SAE: its kind, and how it is trained."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from trainables.settings.rules import Rule
from trainables.settings.section import Member

# Settings of one SAE's training that need not agree within a stack.
TRAINING_VARIES = frozenset(
    {"epochs", "learning_rate_scale", "warmup", "decay", "auxk", "dead_window", "resample", "beta1", "beta2"}
    | {"encoder_start", "datapoint_init", "kmeans_start", "prune_rare", "merge_alike"}
    | {"refine_step", "drop_below"}
)
TARGET_L0 = Rule(
    ("sae.target_l0", "sae.width"),
    lambda target_l0, width: target_l0 < width,
    "sae.target_l0 must be smaller than sae.width",
    monotone=True,
)


class SaeTrainingConfig(Member):
    """How the SAE is trained, whatever its activation.

    The dead window is in samples and defaults to about one epoch of 60,000 images: windows of
    millions of samples, usual for language models, never open on digits.
    """

    varying: ClassVar[frozenset[str] | None] = None
    """Settings in which SAEs of one stack may differ, all others must agree; None to train each by itself.
    Counts only where a kind declares it for itself, since its implementation must keep the promise."""
    compiled_step: ClassVar[str] = ""
    """`module:function` that makes the kind's step for CPUs without autograd; empty to take plain steps. It,
    too, counts only where a kind declares it for itself."""
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("sae.warmup", "sae.decay"),
            lambda warmup, decay: warmup + decay <= 1,
            "sae.warmup and sae.decay are shares of one training: together at most 1",
            monotone=True,
        ),
    )
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
        description="Samples without firing after which a latent counts as dead in AuxK and resampling.",
    )
    resample: int = Field(
        0,
        ge=0,
        le=1000,
        description="How often, spread over the first half of the training, dead latents start anew from "
        "badly explained samples; 0 is never.",
    )
    encoder_start: Literal["tied", "free"] = Field(
        "tied", description="Whether encoder columns start along their decoder rows or independently of them."
    )
    datapoint_init: float = Field(
        0.0, ge=0, le=1, description="Share of a train sample, beside noise, in each decoder row's start."
    )
    kmeans_start: bool = Field(
        False,
        description="Whether decoder rows start as centres of a spherical k-means of the train samples, in "
        "place of datapoint_init.",
    )
    prune_rare: float = Field(
        0.0,
        ge=0,
        le=0.1,
        description="After training, latents that fire on less than this share of train are taken out; "
        "0 keeps all.",
    )
    merge_alike: float = Field(
        1.0,
        ge=0.5,
        le=1,
        description="After training, of latents whose codes correlate and rows align at least so much the "
        "strongest stays; 1 keeps all.",
    )
    beta1: float = Field(0.9, ge=0, lt=1, description="Adam's decay of the mean gradient.")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's decay of the mean squared gradient.")
    precision: Literal["float32", "bf16"] = Field(
        "float32", description="Of the matrix products while training; bf16 is float32 where there is no GPU."
    )
    refine_step: float = Field(
        0.0, ge=0, le=1, description="When used: how far a LISTA step corrects the codes; 0 leaves them."
    )
    drop_below: float = Field(
        0.0,
        ge=0,
        le=1e3,
        description="When used: codes that explain at most this beyond all others are dropped; 0 drops none.",
    )


class KSaeTrainingConfig(SaeTrainingConfig):
    """What all kinds with a fixed number of codes share."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("sae.k", "sae.width"),
            lambda k, width: k < width,
            "sae.k must be smaller than sae.width",
            monotone=True,
        ),
    )
    k: int = Field(8, ge=1, le=8192, description="Latents kept per sample; for batch kinds on average.")
    k_anneal: float = Field(
        0.0, ge=0, le=1, description="Share of steps over which k falls from the input size to its value."
    )


class ReluSaeConfig(SaeTrainingConfig):
    """ReLU codes under an L1 penalty."""

    implementation: ClassVar[str] = "trainables.saes.relu:ReluSae"
    varying: ClassVar[frozenset[str] | None] = TRAINING_VARIES | {"l1"}
    compiled_step: ClassVar[str] = "trainables.sae_training.steps.compiled_step:relu_step"
    kind: str = "relu"
    l1: float = Field(
        1.0, ge=0, le=1e4, description="Weight of sum |z| beside the summed squared error at E|x|^2 = d."
    )


class ReluTargetSaeConfig(SaeTrainingConfig):
    """ReLU codes under an L1 penalty whose weight follows a target number of active latents."""

    implementation: ClassVar[str] = "trainables.saes.relu_target:ReluTargetSae"
    varying: ClassVar[frozenset[str] | None] = TRAINING_VARIES | {"target_l0"}
    compiled_step: ClassVar[str] = "trainables.sae_training.steps.compiled_step:relu_step"
    rules: ClassVar[tuple[Rule, ...]] = (TARGET_L0,)
    kind: str = "relu_target"
    target_l0: float = Field(8.0, ge=0.5, le=8192, description="Mean active latents per sample aimed at.")


class TopKSaeConfig(KSaeTrainingConfig):
    """The k largest ReLU codes of every sample."""

    implementation: ClassVar[str] = "trainables.saes.topk:TopKSae"
    varying: ClassVar[frozenset[str] | None] = TRAINING_VARIES | {"k", "k_anneal"}
    compiled_step: ClassVar[str] = "trainables.sae_training.steps.compiled_step:topk_step"
    kind: str = "topk"


class BatchTopKSaeConfig(KSaeTrainingConfig):
    """The b * k largest ReLU codes of a batch of b; afterwards one threshold with k codes on average."""

    implementation: ClassVar[str] = "trainables.saes.batch_topk:BatchTopKSae"
    varying: ClassVar[frozenset[str] | None] = TRAINING_VARIES | {"k", "k_anneal"}
    compiled_step: ClassVar[str] = "trainables.sae_training.steps.compiled_step:batch_topk_step"
    kind: str = "batch_topk"


class JumpReluSaeConfig(SaeTrainingConfig):
    """Codes above a learnt threshold per latent, under a penalty on the distance to a target L0."""

    implementation: ClassVar[str] = "trainables.saes.jumprelu:JumpReluSae"
    varying: ClassVar[frozenset[str] | None] = TRAINING_VARIES | {"target_l0", "l0_weight", "bandwidth"}
    rules: ClassVar[tuple[Rule, ...]] = (TARGET_L0,)
    kind: str = "jumprelu"
    target_l0: float = Field(8.0, ge=0.5, le=8192, description="Mean active latents per sample aimed at.")
    l0_weight: float = Field(
        1.0, ge=0, le=1e4, description="Weight of (L0 / target - 1)^2, as a share of the input's energy."
    )
    bandwidth: float = Field(
        0.5, gt=0, le=10, description="Width of the window around a threshold that teaches it."
    )


class GatedSaeConfig(SaeTrainingConfig):
    """One path decides which latents are on, under L1, another how strongly."""

    implementation: ClassVar[str] = "trainables.saes.gated:GatedSae"
    varying: ClassVar[frozenset[str] | None] = TRAINING_VARIES | {"l1"}
    kind: str = "gated"
    l1: float = Field(
        1.0, ge=0, le=1e4, description="Weight of sum |z| beside the summed squared error at E|x|^2 = d."
    )


class MatryoshkaSaeConfig(KSaeTrainingConfig):
    """BatchTopK whose first latents must also explain the input on their own, at several sizes."""

    implementation: ClassVar[str] = "trainables.saes.matryoshka:MatryoshkaSae"
    varying: ClassVar[frozenset[str] | None] = TRAINING_VARIES | {"k", "k_anneal"}
    compiled_step: ClassVar[str] = "trainables.sae_training.steps.compiled_step:batch_topk_step"
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("sae.prefixes", "sae.width"),
            lambda prefixes, width: 2 ** (prefixes - 1) <= width,
            "sae.prefixes halve the width: 2^(prefixes - 1) must not exceed sae.width, or the first is empty",
            monotone=True,
        ),
    )
    kind: str = "matryoshka"
    prefixes: int = Field(
        4, ge=1, le=16, description="Nested dictionaries, each half the next; the last one is all latents."
    )

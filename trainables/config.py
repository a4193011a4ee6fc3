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

# Or nothing. A trial runs in a folder of its own, where a relative path would lead nowhere.
ABSOLUTE_PATH = r"^(|[/~].*)$"


class Section(BaseModel):
    """A frozen group of settings; a key that nobody reads is refused, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class ClassifierTraining(Section):
    """How the classifier is trained, whatever its architecture."""

    epochs: int = Field(18, ge=1, le=10_000, description="Passes over the training images at full budget.")
    learning_rate: float = Field(1e-3, gt=0, le=1, description="Adam step size, constant.")
    batch_size: int = Field(128, ge=8, le=8192, description="Images per gradient step.")
    beta1: float = Field(0.9, ge=0, lt=1, description="Adam's decay of the mean gradient.")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's decay of the mean squared gradient.")
    precision: Literal["float32", "bf16"] = Field(
        "float32", description="Arithmetic of the training steps on a GPU; a CPU always takes float32."
    )
    weight_decay: float = Field(0.0, ge=0, le=1, description="Coupled L2 added to Adam's gradient.")
    first_layer_decay: float = Field(
        0.0, ge=0, le=1, description="Coupled L2 of the first layer that learns, on top of weight_decay."
    )
    kwta: int = Field(
        0, ge=0, le=8192, description="Hidden units left on per image, the strongest ones; 0 leaves all."
    )
    background_noise: float = Field(
        0.0, ge=0, le=1, description="Train images get noise U[0, this] off the strokes; 0 is off."
    )


class MlpClassifier(ClassifierTraining):
    """Fully connected network; the SAE reads its last hidden layer, after the ReLU."""

    kind: Literal["mlp"] = "mlp"
    hidden_size: int = Field(128, ge=4, le=8192, description="Units in every hidden layer.")
    depth: int = Field(1, ge=1, le=3, description="Number of hidden layers.")
    front_end: Literal["none", "gabor", "sobel", "conv", "conv_free", "locally_connected"] = Field(
        "none",
        description="Local filters between pixels and hidden layer: fixed banks (gabor, sobel), a learned "
        "convolution with or without bias (conv_free), or one with weights of its own at every place.",
    )
    front_end_channels: int = Field(
        8, ge=1, le=256, description="Channels of a learned front end; the fixed banks have theirs."
    )
    zero_dead_pixels: bool = Field(
        False, description="First weights of pixels inked in < 1 % of train images start at 0."
    )


class ConvClassifier(ClassifierTraining):
    """Two 3x3 convolutions with stride 2, then one hidden layer that the SAE reads."""

    kind: Literal["conv"] = "conv"
    hidden_size: int = Field(
        128, ge=4, le=8192, description="Units in the hidden layer after the convolutions."
    )
    channels: int = Field(
        16, ge=1, le=512, description="Channels of the first convolution; the second has twice as many."
    )
    bias: bool = Field(
        True, description="Whether the layers up to the hidden one have biases; without, black is silence."
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


class PcaVarianceBasis(Section):
    """As many principal components as explain a share of the variance."""

    kind: Literal["pca_variance"] = "pca_variance"
    explained_variance: float = Field(
        0.95, gt=0, le=1, description="Share of the activations' variance that the kept components explain."
    )


class WhitenedPcaVarianceBasis(Section):
    """Principal components that explain a share of the variance, each scaled to unit variance."""

    kind: Literal["whitened_pca_variance"] = "whitened_pca_variance"
    explained_variance: float = Field(
        0.95, gt=0, le=1, description="Share of the activations' variance that the kept components explain."
    )


class ZcaBasis(Section):
    """Whitening that stays nearest to the hidden units: as many outputs, each still about one unit."""

    kind: Literal["zca"] = "zca"


class RandomRotationBasis(Section):
    """A random orthogonal turn of the centred activations: the control for every other basis."""

    kind: Literal["random_rotation"] = "random_rotation"


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
    beta1: float = Field(0.9, ge=0, lt=1, description="Adam's decay of the mean gradient.")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's decay of the mean squared gradient.")
    precision: Literal["float32", "bf16"] = Field(
        "float32", description="Of the matrix products while training; bf16 is float32 where there is no GPU."
    )


class KSaeTraining(SaeTraining):
    """What all kinds with a fixed number of codes share."""

    k: int = Field(8, ge=1, le=8192, description="Latents kept per sample; for batch kinds on average.")
    k_anneal: float = Field(
        0.0, ge=0, le=1, description="Share of steps over which k falls from the input size to its value."
    )


class ReluSae(SaeTraining):
    """ReLU codes under an L1 penalty."""

    kind: Literal["relu"] = "relu"
    l1: float = Field(
        1.0, ge=0, le=1e4, description="Weight of sum |z| beside the summed squared error at E|x|^2 = d."
    )


class ReluTargetSae(SaeTraining):
    """ReLU codes under an L1 penalty whose weight follows a target number of active latents."""

    kind: Literal["relu_target"] = "relu_target"
    target_l0: float = Field(8.0, ge=0.5, le=8192, description="Mean active latents per sample aimed at.")


class TopKSae(KSaeTraining):
    """The k largest ReLU codes of every sample."""

    kind: Literal["topk"] = "topk"


class BatchTopKSae(KSaeTraining):
    """The b * k largest ReLU codes of a batch of b; afterwards one threshold with k codes on average."""

    kind: Literal["batch_topk"] = "batch_topk"


class JumpReluSae(SaeTraining):
    """Codes above a learnt threshold per latent, under a penalty on the distance to a target L0."""

    kind: Literal["jumprelu"] = "jumprelu"
    target_l0: float = Field(8.0, ge=0.5, le=8192, description="Mean active latents per sample aimed at.")
    l0_weight: float = Field(
        1.0, ge=0, le=1e4, description="Weight of (L0 / target - 1)^2, as a share of the input's energy."
    )
    bandwidth: float = Field(
        0.5, gt=0, le=10, description="Width of the window around a threshold that teaches it."
    )


class GatedSae(SaeTraining):
    """One path decides which latents are on, under L1, another how strongly."""

    kind: Literal["gated"] = "gated"
    l1: float = Field(
        1.0, ge=0, le=1e4, description="Weight of sum |z| beside the summed squared error at E|x|^2 = d."
    )


class MatryoshkaSae(KSaeTraining):
    """BatchTopK whose first latents must also explain the input on their own, at several sizes."""

    kind: Literal["matryoshka"] = "matryoshka"
    prefixes: int = Field(
        4, ge=1, le=16, description="Nested dictionaries, each half the next; the last one is all latents."
    )


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
    junk_penalty_absolute: float = Field(
        0.0, ge=0, le=1e6, description="Weight of the hidden units' mean gradient energy off the strokes."
    )
    rrr: float = Field(
        0.0,
        ge=0,
        le=1e6,
        description="Weight of the log probabilities' input-gradient energy outside the strokes "
        "(right for the right reasons).",
    )
    first_layer_tv: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the first weights' total variation, per unit."
    )
    first_layer_distance_l1: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the first weights' L1, each times its pixel's distance."
    )
    first_layer_group_lasso: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the sum of the norms of each pixel's first weights."
    )
    hidden_group_lasso: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the mean norm of groups of hidden units."
    )
    hidden_group_size: int = Field(
        4, ge=2, le=8192, description="Neighbouring hidden units in one group of hidden_group_lasso."
    )
    monosemanticity: float = Field(
        0.0, ge=0, le=1e4, description="Weight of 1 minus the hidden units' mean monosemanticity score."
    )
    contrastive: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the contrastive loss on two augmented views of the batch."
    )
    contrastive_supcon_share: float = Field(
        0.5, ge=0, le=1, description="1 is SupCon (by class), 0 SimCLR (by image), between: a mixture."
    )
    contrastive_temperature: float = Field(
        0.1, ge=0.01, le=10, description="Temperature of the contrastive similarities."
    )
    contrastive_on: Literal["projection", "hidden"] = Field(
        "projection", description="Compare images in a trained projection, or by their activations."
    )
    sparse_reconstruction: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the loss of an SAE trained along with the classifier."
    )
    sparse_reconstruction_width: int = Field(
        256, ge=2, le=65_536, description="Latents of the SAE trained along."
    )
    sparse_reconstruction_l1: float = Field(
        1.0, ge=0, le=1e4, description="Weight of its codes' L1 norm beside the squared error at E|x|^2 = d."
    )
    concepts: float = Field(
        0.0, ge=0, le=1e4, description="Weight of predicting a concept table from hidden units."
    )
    concept_share: float = Field(
        0.5, gt=0, le=1, description="Share of the hidden units, the first ones, that concepts supervise."
    )
    concept_table: str = Field(
        "",
        pattern=ABSOLUTE_PATH,
        description="Absolute path of an .npz whose array concepts (train images, c) is in train order.",
    )


class NoLoop(Section):
    """The classifier does not know of the SAE."""

    kind: Literal["none"] = "none"


class SaeCeptionLoop(Section):
    """Cycles: the codes of the classifier's SAE, decoded, become targets of its next training."""

    kind: Literal["sae_ception"] = "sae_ception"
    cycles: int = Field(3, ge=1, le=20, description="Trainings after the plain one, each of as many epochs.")
    weight: float = Field(
        0.1, ge=0, le=1e4, description="Weight of 1 - cos(hidden activations, target); 0 trains plainly."
    )
    targets: Literal["masked_code", "class_mean", "cluster_mean", "random"] = Field(
        "masked_code",
        description="Each image's code cut to its class' top latents (as published), the mean code of its "
        "class or of its cluster, or a random unit vector as control.",
    )
    top: int = Field(
        25, ge=1, le=65_536, description="Latents kept in a target, of largest mean in class or cluster."
    )
    clusters: int = Field(20, ge=2, le=1000, description="Clusters of codes; only for cluster_mean.")
    start: Literal["fresh", "continue"] = Field(
        "fresh", description="Whether a cycle begins with new weights or with those of the cycle before."
    )
    reinitialise: Literal["none", "dead", "entangled", "both"] = Field(
        "none",
        description="Hidden units started anew with each cycle: silent ones, those that tell classes apart "
        "less than half as well as the median, or both.",
    )


Loop = Annotated[NoLoop | SaeCeptionLoop, Field(discriminator="kind")]
Classifier = Annotated[MlpClassifier | ConvClassifier, Field(discriminator="kind")]
Basis = Annotated[
    RawBasis
    | PcaBasis
    | PcaVarianceBasis
    | WhitenedPcaBasis
    | WhitenedPcaVarianceBasis
    | ZcaBasis
    | IcaBasis
    | RandomRotationBasis,
    Field(discriminator="kind"),
]
Sae = Annotated[
    ReluSae | ReluTargetSae | TopKSae | BatchTopKSae | JumpReluSae | GatedSae | MatryoshkaSae,
    Field(discriminator="kind"),
]


class TrialConfig(Section):
    """Everything that distinguishes one trial from another."""

    classifier: Classifier = MlpClassifier()
    basis: Basis = RawBasis()
    sae: Sae = TopKSae()
    auxiliary: Auxiliary = Auxiliary()
    loop: Loop = NoLoop()
    replicate: int = Field(
        0, ge=0, le=1_000_000, description="Enters every stage's seed; pairs trials of one design."
    )


# Section -> kind -> model. A section left out of a space file takes TrialConfig's default.
KINDS: dict[str, dict[str, type[Section]]] = {
    "classifier": {"mlp": MlpClassifier, "conv": ConvClassifier},
    "basis": {
        "raw": RawBasis,
        "pca": PcaBasis,
        "pca_variance": PcaVarianceBasis,
        "whitened_pca": WhitenedPcaBasis,
        "whitened_pca_variance": WhitenedPcaVarianceBasis,
        "zca": ZcaBasis,
        "ica": IcaBasis,
        "random_rotation": RandomRotationBasis,
    },
    "sae": {
        "relu": ReluSae,
        "relu_target": ReluTargetSae,
        "topk": TopKSae,
        "batch_topk": BatchTopKSae,
        "jumprelu": JumpReluSae,
        "gated": GatedSae,
        "matryoshka": MatryoshkaSae,
    },
    "loop": {"none": NoLoop, "sae_ception": SaeCeptionLoop},
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


def _first_layer_rules(name: str) -> tuple[Rule, Rule]:
    """Two pairs and not one triple: a network of kind conv has no front_end to ask for."""
    why = f"auxiliary.{name} needs one first weight for every pair of unit and pixel"
    return (
        Rule(
            (f"auxiliary.{name}", "classifier.kind"),
            lambda weight, kind: weight == 0 or kind == "mlp",
            f"{why}: classifier.kind must be mlp",
        ),
        Rule(
            (f"auxiliary.{name}", "classifier.front_end"),
            lambda weight, front_end: weight == 0 or front_end == "none",
            f"{why}: classifier.front_end must be none",
        ),
    )


RULES: tuple[Rule, ...] = (
    Rule(("sae.k", "sae.width"), lambda k, width: k < width, "sae.k must be smaller than sae.width"),
    Rule(
        ("sae.target_l0", "sae.width"),
        lambda target_l0, width: target_l0 < width,
        "sae.target_l0 must be smaller than sae.width",
    ),
    Rule(
        ("sae.prefixes", "sae.width"),
        lambda prefixes, width: 2 ** (prefixes - 1) <= width,
        "sae.prefixes halve the width: 2^(prefixes - 1) must not exceed sae.width, or the first is empty",
    ),
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
    Rule(
        ("classifier.kwta", "classifier.hidden_size"),
        lambda kwta, hidden_size: kwta <= hidden_size,
        "classifier.kwta must not exceed classifier.hidden_size",
    ),
    Rule(
        ("classifier.zero_dead_pixels", "classifier.front_end"),
        lambda zero, front_end: not zero or front_end in ("none", "locally_connected"),
        "classifier.zero_dead_pixels needs first weights of single pixels, which the filters of a fixed bank "
        "or a convolution are not: front_end must be none or locally_connected",
    ),
    *_first_layer_rules("first_layer_tv"),
    *_first_layer_rules("first_layer_distance_l1"),
    *_first_layer_rules("first_layer_group_lasso"),
    Rule(
        ("auxiliary.hidden_group_lasso", "auxiliary.hidden_group_size", "classifier.hidden_size"),
        lambda weight, size, hidden_size: weight == 0 or size <= hidden_size,
        "auxiliary.hidden_group_size must not exceed classifier.hidden_size",
    ),
    Rule(
        ("auxiliary.concepts", "auxiliary.concept_table"),
        lambda weight, table: weight == 0 or table != "",
        "auxiliary.concepts needs the targets of auxiliary.concept_table",
    ),
    Rule(
        ("loop.start", "loop.reinitialise"),
        lambda start, reinitialise: start == "continue" or reinitialise == "none",
        "loop.reinitialise needs loop.start continue: with new weights every unit is started anew",
    ),
)

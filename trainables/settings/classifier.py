"""How the classifier is built and trained."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from trainables import registry
from trainables.settings.names import Name
from trainables.settings.rules import Rule
from trainables.settings.section import Member

# Of the kinds whose units are a setting; where they follow from the image, more winners than units keep all.
WINNERS = Rule(
    ("classifier.kwta", "classifier.hidden_size"),
    lambda kwta, hidden_size: kwta <= hidden_size,
    "classifier.kwta must not exceed classifier.hidden_size",
    monotone=True,
)


class ClassifierTrainingConfig(Member):
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
    ink_threshold: float = Field(
        0.0,
        ge=0,
        le=0.9,
        description="Pixels darker than this are black to the network, which sees (x - t) / (1 - t).",
    )
    background_noise: float = Field(
        0.0, ge=0, le=1, description="Train images get noise U[0, this] off the strokes; 0 is off."
    )
    augmented_share: float = Field(
        1.0, ge=0, le=1, description="Share of the batches that shift to foreign_ink below change."
    )
    shift: float = Field(
        0.0, ge=0, le=0.5, description="Train images are moved by up to this share of a side; 0 is off."
    )
    rotation: float = Field(0.0, ge=0, le=180, description="They are turned by up to this, in degrees.")
    scale: float = Field(0.0, ge=0, le=0.5, description="They grow or shrink by up to this share.")
    elastic: float = Field(
        0.0, ge=0, le=0.2, description="They are bent by smooth displacements of about half this share."
    )
    erasing: float = Field(
        0.0, ge=0, le=0.5, description="A black rectangle covers up to this share of a train image."
    )
    foreign_ink: float = Field(
        0.0, ge=0, le=1, description="Share of train images that get another one's ink beyond their strokes."
    )

    def without_files(self) -> ClassifierTrainingConfig:
        """What builds the same network when all its weights come from a checkpoint."""
        return self


class MlpClassifierConfig(ClassifierTrainingConfig):
    """Fully connected network; the SAE reads its last hidden layer, after the ReLU."""

    implementation: ClassVar[str] = "trainables.networks.mlp:Mlp"
    rules: ClassVar[tuple[Rule, ...]] = (
        WINNERS,
        Rule(
            ("classifier.zero_dead_pixels", "classifier.front_end"),
            lambda zero, front_end: not zero or front_end in ("none", "locally_connected"),
            "classifier.zero_dead_pixels needs first weights of single pixels, which the filters of a fixed "
            "bank or a convolution are not: front_end must be none or locally_connected",
            monotone=True,
        ),
    )
    kind: str = "mlp"
    hidden_size: int = Field(128, ge=4, le=8192, description="Units in every hidden layer.")
    depth: int = Field(1, ge=1, le=3, description="Number of hidden layers.")
    front_end: Annotated[str, Name(registry.FRONT_ENDS)] = Field(
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


class ConvClassifierConfig(ClassifierTrainingConfig):
    """Two 3x3 convolutions with stride 2, then one hidden layer that the SAE reads."""

    implementation: ClassVar[str] = "trainables.networks.conv:Conv"
    rules: ClassVar[tuple[Rule, ...]] = (WINNERS,)
    kind: str = "conv"
    hidden_size: int = Field(
        128, ge=4, le=8192, description="Units in the hidden layer after the convolutions."
    )
    channels: int = Field(
        16, ge=1, le=512, description="Channels of the first convolution; the second has twice as many."
    )
    bias: bool = Field(
        True, description="Whether the layers up to the hidden one have biases; without, black is silence."
    )


class PartsClassifierConfig(ClassifierTrainingConfig):
    """Templates of strokes behind cosine thresholds, the strongest answer of each in overlapping regions."""

    implementation: ClassVar[str] = "trainables.networks.parts:Parts"
    kind: str = "parts"
    templates: int = Field(48, ge=1, le=1024, description="Templates, each a unit in every region.")
    template_size: int = Field(
        0,
        ge=0,
        le=63,
        description="Pixels along a template; 0 is about a third of the image, 9 of 28 and 3 of 8.",
    )
    stride: int = Field(
        0,
        ge=0,
        le=16,
        description="Pixels from place to place; 0 is a 14th of the image, 2 of 28 and 1 of 8.",
    )
    pool_size: int = Field(
        0, ge=0, le=64, description="Places along a region; 0 is pool_step + 1, so regions overlap by one."
    )
    pool_step: int = Field(
        0, ge=0, le=64, description="Places from region to region; 0 is a fourth of them, 3 of 28 pixels' 14."
    )
    gain: float = Field(4.0, gt=0, le=100, description="Factor on the hidden units.")


class BagClassifierConfig(ClassifierTrainingConfig):
    """What small patches show, averaged over the image or a few regions of it."""

    implementation: ClassVar[str] = "trainables.networks.bag:Bag"
    kind: str = "bag"
    channels: int = Field(128, ge=1, le=4096, description="Features of a patch.")
    receptive_field: int = Field(
        0,
        ge=0,
        le=63,
        description="Pixels along a patch; 0 is about a third of the image, 9 of 28 and 3 of 8.",
    )
    stride: int = Field(
        0,
        ge=0,
        le=16,
        description="Pixels from place to place; 0 is a 14th of the image, 2 of 28 and 1 of 8.",
    )
    grid: int = Field(
        1, ge=1, le=16, description="Regions along a side, each with features of its own; 1 is a true bag."
    )
    pool: Literal["mean", "max"] = Field(
        "mean", description="What a region keeps of a feature: the mean over its places or the largest."
    )

"""How the classifier is built and trained."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from trainables import registry
from trainables.settings.names import Name
from trainables.settings.rules import Rule
from trainables.settings.section import Member


class ClassifierTrainingConfig(Member):
    """How the classifier is trained, whatever its architecture."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("classifier.kwta", "classifier.hidden_size"),
            lambda kwta, hidden_size: kwta <= hidden_size,
            "classifier.kwta must not exceed classifier.hidden_size",
            monotone=True,
        ),
    )
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


class MlpClassifierConfig(ClassifierTrainingConfig):
    """Fully connected network; the SAE reads its last hidden layer, after the ReLU."""

    implementation: ClassVar[str] = "trainables.networks.mlp:Mlp"
    rules: ClassVar[tuple[Rule, ...]] = (
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

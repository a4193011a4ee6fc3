"""What an attribution method can be told: one typed model per method, without torch.

These are no part of a trial's configuration: they say how a finished trial is looked at, and never enter
its seed or its cache keys.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from trainables.settings.section import Member

Clip = Literal["none", "map", "norm", "step"]
_CLIP = (
    "none; map: cut |A| at a quantile of each map; norm: scale every draw's gradient down to the draws' "
    "median norm; step: cut every draw's gradient at a quantile of its own."
)


class AttributionConfig(Member):
    """What all methods share."""

    clip: Clip = Field("none", description=f"Clipping variant: {_CLIP}")
    clip_quantile: float = Field(0.99, gt=0, le=1, description="Quantile of |values| for clip map and step.")


class GradientConfig(AttributionConfig):
    """The derivative itself; it has one draw, so that norm clipping leaves it as it is."""

    implementation: ClassVar[str] = "trainables.attribution.gradient:Gradient"
    kind: str = "gradient"


class SmoothGradConfig(AttributionConfig):
    """Mean derivative over noisy copies of the image."""

    implementation: ClassVar[str] = "trainables.attribution.smooth_grad:SmoothGrad"
    kind: str = "smooth_grad"
    noise: float = Field(
        0.15, gt=0, le=1, description="Standard deviation of the Gaussian noise; images are in [0, 1]."
    )
    draws: int = Field(24, ge=1, le=1024, description="Noisy copies.")


class IntegratedGradientsConfig(AttributionConfig):
    """Derivatives along the line from one baseline, times the way; black cannot see black pixels."""

    implementation: ClassVar[str] = "trainables.attribution.integrated_gradients:IntegratedGradients"
    kind: str = "integrated_gradients"
    baseline: Literal["black", "blur", "mean"] = Field(
        "blur", description="Where the line starts: all 0, the blurred image, or the mean of the data."
    )
    blur: float = Field(
        3.0,
        gt=0,
        le=32,
        description="Standard deviation of the blur at 28 pixels, in pixels; scales with size.",
    )
    steps: int = Field(32, ge=2, le=512, description="Gauss-Legendre nodes on the line.")


class ExpectedGradientsConfig(AttributionConfig):
    """Integrated gradients averaged over baselines drawn from the data."""

    implementation: ClassVar[str] = "trainables.attribution.expected_gradients:ExpectedGradients"
    kind: str = "expected_gradients"
    draws: int = Field(48, ge=1, le=4096, description="Pairs of a baseline and a place on its line.")


class OcclusionConfig(AttributionConfig):
    """What covering a patch takes away, for patches of several fills."""

    implementation: ClassVar[str] = "trainables.attribution.occlusion:Occlusion"
    kind: str = "occlusion"
    patch: int = Field(4, ge=1, le=28, description="Side of the square patch, in pixels.")
    stride: int = Field(
        2, ge=1, le=28, description="Step between patches, in pixels; at most the patch's side."
    )
    fills: tuple[float, ...] = Field(
        (0.0, 1.0), min_length=1, description="Colours of the patch; black alone is no change on background."
    )

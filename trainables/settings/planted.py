"""Images of known parts: how many, how they hang together, how much they hide each other."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from trainables.settings.data import DataConfig


class PlantedConfig(DataConfig):
    """What the dataset `planted` draws; the same settings give the same images everywhere."""

    implementation: ClassVar[str] = "trainables.data.planted:load_planted"
    parts: int = Field(24, ge=4, le=512, description="Strokes that images are made of.")
    per_image: float = Field(
        5.0, ge=2, le=256, description="Parts in an image on average; two of them make its class."
    )
    classes: int = Field(8, ge=2, le=256, description="Classes; each is one pair of parts, both present.")
    size: int = Field(16, ge=8, le=64, description="Pixels on a side.")
    images: int = Field(4000, ge=50, le=1_000_000, description="Of all three splits together, 60/20/20.")
    noise: float = Field(0.05, ge=0, le=1, description="Standard deviation of the noise on every pixel.")
    correlation: float = Field(
        0.0, ge=0, le=0.95, description="How much parts of one group of four come together; 0 = not at all."
    )
    depth: int = Field(
        1,
        ge=1,
        le=8,
        description="Levels of a hierarchy; a part below the first needs its parent's presence.",
    )
    overlap: float = Field(
        0.3, ge=0, le=1, description="0: strokes spread over the image; 1: all of them lie across its middle."
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="Draws strokes, classes and images.")

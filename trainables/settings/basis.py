"""The basis in which the SAE reads the activations."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from trainables.settings.section import Section


class RawBasisConfig(Section):
    """The SAE reads the centred activations as they are."""

    kind: Literal["raw"] = "raw"


class PcaBasisConfig(Section):
    """Projection onto the leading principal components."""

    kind: Literal["pca"] = "pca"
    components: int = Field(32, ge=1, le=8192, description="Principal components kept.")


class WhitenedPcaBasisConfig(Section):
    """Principal components, each scaled to unit variance."""

    kind: Literal["whitened_pca"] = "whitened_pca"
    components: int = Field(32, ge=1, le=8192, description="Principal components kept.")


class IcaBasisConfig(Section):
    """FastICA directions of the activations."""

    kind: Literal["ica"] = "ica"
    components: int = Field(32, ge=1, le=8192, description="Independent components kept.")


class PcaVarianceBasisConfig(Section):
    """As many principal components as explain a share of the variance."""

    kind: Literal["pca_variance"] = "pca_variance"
    explained_variance: float = Field(
        0.95, gt=0, le=1, description="Share of the activations' variance that the kept components explain."
    )


class WhitenedPcaVarianceBasisConfig(Section):
    """Principal components that explain a share of the variance, each scaled to unit variance."""

    kind: Literal["whitened_pca_variance"] = "whitened_pca_variance"
    explained_variance: float = Field(
        0.95, gt=0, le=1, description="Share of the activations' variance that the kept components explain."
    )


class ZcaBasisConfig(Section):
    """Whitening that stays nearest to the hidden units: as many outputs, each still about one unit."""

    kind: Literal["zca"] = "zca"


class RandomRotationBasisConfig(Section):
    """A random orthogonal turn of the centred activations: the control for every other basis."""

    kind: Literal["random_rotation"] = "random_rotation"

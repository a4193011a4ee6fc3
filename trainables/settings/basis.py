"""The basis in which the SAE reads the activations."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from trainables.settings.rules import Rule
from trainables.settings.section import Member


class BasisConfig(Member):
    """What all bases share: that they have a kind."""


class ComponentsConfig(BasisConfig):
    """A basis of as many directions as are asked for."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("basis.components", "classifier.hidden_size"),
            lambda components, hidden_size: components <= hidden_size,
            "basis.components must not exceed classifier.hidden_size",
            monotone=True,
        ),
    )
    components: int = Field(32, ge=1, le=8192, description="Components kept.")


class VarianceConfig(BasisConfig):
    """A basis of as many directions as explain a share of the variance."""

    explained_variance: float = Field(
        0.95, gt=0, le=1, description="Share of the activations' variance that the kept components explain."
    )


class RawBasisConfig(BasisConfig):
    """The SAE reads the centred activations as they are."""

    implementation: ClassVar[str] = "trainables.bases.raw:Raw"
    kind: str = "raw"


class PcaBasisConfig(ComponentsConfig):
    """Projection onto the leading principal components."""

    implementation: ClassVar[str] = "trainables.bases.pca:Pca"
    kind: str = "pca"


class WhitenedPcaBasisConfig(ComponentsConfig):
    """Principal components, each scaled to unit variance."""

    implementation: ClassVar[str] = "trainables.bases.pca:WhitenedPca"
    kind: str = "whitened_pca"


class IcaBasisConfig(ComponentsConfig):
    """FastICA directions of the activations."""

    implementation: ClassVar[str] = "trainables.bases.ica:Ica"
    kind: str = "ica"


class PcaVarianceBasisConfig(VarianceConfig):
    """As many principal components as explain a share of the variance."""

    implementation: ClassVar[str] = "trainables.bases.pca_variance:PcaVariance"
    kind: str = "pca_variance"


class WhitenedPcaVarianceBasisConfig(VarianceConfig):
    """Principal components that explain a share of the variance, each scaled to unit variance."""

    implementation: ClassVar[str] = "trainables.bases.pca_variance:WhitenedPcaVariance"
    kind: str = "whitened_pca_variance"


class ZcaBasisConfig(BasisConfig):
    """Whitening that stays nearest to the hidden units: as many outputs, each still about one unit."""

    implementation: ClassVar[str] = "trainables.bases.zca:Zca"
    kind: str = "zca"


class RandomRotationBasisConfig(BasisConfig):
    """A random orthogonal turn of the centred activations: the control for every other basis."""

    implementation: ClassVar[str] = "trainables.bases.random_rotation:RandomRotation"
    kind: str = "random_rotation"

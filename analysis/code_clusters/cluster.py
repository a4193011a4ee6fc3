"""What is known about groups of images with like codes. Numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.features.feature import Examples

N_EXAMPLES = 12
N_LATENTS = 5
# Being above all of them has a chance of one in ten. More would cost a minute on MNIST.
NULL_DRAWS = 9


@dataclass(frozen=True)
class LatentShift:
    """A latent that is stronger in a cluster than in what the cluster is held against.

    inside, outside: how much it writes into the hidden layer, mean of z |d|. fires_inside, fires_outside:
    shares of images on which it fires.
    """

    latent: int
    inside: float
    outside: float
    fires_inside: float
    fires_outside: float


@dataclass(frozen=True)
class Cluster:
    """Images of the split that are nearest to one centre.

    composition (classes,): how many of each class. mean_image (h, w). mean_code: the latents that set it
    apart, the strongest first. examples: the images nearest to the centre; their `activations` are distances.
    """

    size: int
    composition: np.ndarray
    mean_image: np.ndarray
    mean_code: tuple[LatentShift, ...]
    examples: Examples

    @property
    def top_class(self) -> int:
        """The most frequent class."""
        return int(self.composition.argmax())

    @property
    def purity(self) -> float:
        """The share of the cluster's images that are of its commonest class."""
        return float(self.composition.max() / max(1, self.size))


@dataclass(frozen=True)
class ClassSplit:
    """One class cut into clusters, the largest first, each held against the rest of the class.

    silhouette: how well they are separated, in [-1, 1]; chance and chance_highest: mean and largest of the
    same in NULL_DRAWS classes whose images keep how often each latent fires but not which fire together.
    distance_share: the clusters' part of the class' total squared distance from its mean.
    """

    label: int
    size: int
    silhouette: float
    chance: float
    chance_highest: float
    distance_share: float
    clusters: tuple[Cluster, ...]

    @property
    def is_clear(self) -> bool:
        """Whether the class is split more than any of those: one in ten is by chance."""
        return self.silhouette > self.chance_highest


@dataclass(frozen=True)
class CodeClusters:
    """Clusters over all classes, and inside each.

    ari: agreement of clusters and classes, 0 = chance, 1 = the same; silhouette in [-1, 1]. n_images: of the
    split. stored: whether the clusters inside classes are those that the trial left in its `mean_codes`.
    """

    split: str
    n_images: int
    n_classes: int
    ari: float
    silhouette: float
    clusters: tuple[Cluster, ...]
    classes: tuple[ClassSplit, ...]
    stored: bool

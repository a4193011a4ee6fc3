"""A cluster as the page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.code_clusters.cluster import Cluster, LatentShift
from analysis.features.feature import FeatureTable
from analysis.pages.tile_sheet import Tile, TileSheet
from trainables.pictures.colour import ink, limit_of, signed


@dataclass(frozen=True)
class ShiftView:
    """A latent that sets the cluster apart."""

    shift: LatentShift
    tile: Tile
    label: str


@dataclass(frozen=True)
class ExampleView:
    """One of the images nearest to the centre."""

    tile: Tile
    caption: str


@dataclass(frozen=True)
class ClassBar:
    """How many of the cluster's images are of a class; `height` of 100, the most frequent class at 100."""

    name: str
    images: int
    share: float
    height: float


@dataclass(frozen=True)
class ClusterView:
    """Pictures and figures of one cluster."""

    cluster: Cluster
    title: str
    mean_image: Tile
    bars: tuple[ClassBar, ...]
    latents: tuple[ShiftView, ...]
    examples: tuple[ExampleView, ...]


class ViewMaker:
    """Makes views; pictures of latents and digits go to two sheets, each picture once."""

    def __init__(self, table: FeatureTable, pictures: TileSheet, digits: TileSheet) -> None:
        self._table = table
        self._pictures = pictures
        self._digits = digits

    def class_name(self, label: int) -> str:
        """What the data calls the class."""
        return self._table.class_names[label]

    def view(self, cluster: Cluster) -> ClusterView:
        """`cluster` with its pictures."""
        mean = ink(cluster.mean_image / (limit_of(cluster.mean_image) or 1.0))
        examples = cluster.examples
        return ClusterView(
            cluster,
            f"mostly {self.class_name(cluster.top_class)}",
            self._digits.add(mean.tobytes(), mean),
            tuple(self._bar(cluster, label) for label in range(len(cluster.composition))),
            tuple(self._latent(shift) for shift in cluster.mean_code),
            tuple(
                ExampleView(
                    self._digits.add(int(row), ink(image)),
                    f"{self.class_name(int(label))}, read as {self.class_name(int(said))}, image {row}",
                )
                for row, image, label, said in zip(
                    examples.rows, examples.images, examples.labels, examples.predicted, strict=True
                )
            ),
        )

    def _bar(self, cluster: Cluster, label: int) -> ClassBar:
        images = int(cluster.composition[label])
        most = max(1, int(cluster.composition.max()))
        return ClassBar(self.class_name(label), images, images / max(1, cluster.size), 100.0 * images / most)

    def _latent(self, shift: LatentShift) -> ShiftView:
        template = self._table.templates[shift.latent]
        tile = self._pictures.add(shift.latent, signed(template, limit_of(template)))
        return ShiftView(shift, tile, self._table.labels[shift.latent])

"""The datasets in MNIST's file format: names, sizes and, where known, checksums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Part = Literal["train", "test"]
PARTS: tuple[Part, ...] = ("train", "test")


@dataclass(frozen=True)
class Family:
    """One dataset in torchvision's layout: `<root>/<folder>/raw/<prefix>-images-idx3-ubyte` and labels.

    sizes: number of images of the train and of the test file. transposed: the images lie on their
    side in the files. sha256: of the uncompressed files, by file name; empty where none is known.
    """

    name: str
    folder: str
    n_classes: int
    sizes: Mapping[Part, int]
    prefixes: Mapping[Part, str] = field(default_factory=lambda: {"train": "train", "test": "t10k"})
    transposed: bool = False
    sha256: Mapping[str, str] = field(default_factory=dict)
    class_names: tuple[str, ...] = ()

    def images_file(self, part: Part) -> str:
        """Name of the uncompressed file of images."""
        return f"{self.prefixes[part]}-images-idx3-ubyte"

    def labels_file(self, part: Part) -> str:
        """Name of the uncompressed file of labels."""
        return f"{self.prefixes[part]}-labels-idx1-ubyte"

    def idx_shape(self, file: str) -> tuple[int, ...]:
        """Shape of the array in `file`: (N, 28, 28) for images, (N,) for labels."""
        for part in PARTS:
            if file == self.images_file(part):
                return (self.sizes[part], 28, 28)
            if file == self.labels_file(part):
                return (self.sizes[part],)
        raise KeyError(file)

    @property
    def files(self) -> tuple[str, ...]:
        """The four uncompressed files' names."""
        return tuple(file for part in PARTS for file in (self.images_file(part), self.labels_file(part)))


_CLOTHES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
_KANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
_SIXTY_AND_TEN_THOUSAND: Mapping[Part, int] = {"train": 60_000, "test": 10_000}

FAMILIES: dict[str, Family] = {
    "mnist": Family(
        "mnist",
        "MNIST",
        10,
        _SIXTY_AND_TEN_THOUSAND,
        sha256={
            "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        },
    ),
    "fashion_mnist": Family(
        "fashion_mnist", "FashionMNIST", 10, _SIXTY_AND_TEN_THOUSAND, class_names=_CLOTHES
    ),
    "kmnist": Family("kmnist", "KMNIST", 10, _SIXTY_AND_TEN_THOUSAND, class_names=_KANA),
    # Of EMNIST's six splits the one with all kinds of characters and equally large classes.
    "emnist": Family(
        "emnist",
        "EMNIST",
        47,
        {"train": 112_800, "test": 18_800},
        {"train": "emnist-balanced-train", "test": "emnist-balanced-test"},
        transposed=True,
        class_names=tuple("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"),
    ),
}

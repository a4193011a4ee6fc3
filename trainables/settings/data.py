"""Where images come from: a class of settings for every data source, most of which have none of their own."""

from __future__ import annotations

from typing import ClassVar

from trainables.settings.section import Implemented


class DataConfig(Implemented):
    """Settings that one data source alone has; `implementation` is a function Source -> Parts."""

    takes_path: ClassVar[bool] = False
    """Whether it reads the file `data.path`, which it then needs."""


class DigitsConfig(DataConfig):
    """The 8x8 digits of scikit-learn, which need no file."""

    implementation: ClassVar[str] = "trainables.data.embedded:load_digits"


class MnistConfig(DataConfig):
    """MNIST in torchvision's folder."""

    implementation: ClassVar[str] = "trainables.data.mnist_family:load_mnist"


class FashionMnistConfig(DataConfig):
    """FashionMNIST in torchvision's folder."""

    implementation: ClassVar[str] = "trainables.data.mnist_family:load_fashion_mnist"


class KmnistConfig(DataConfig):
    """KMNIST in torchvision's folder."""

    implementation: ClassVar[str] = "trainables.data.mnist_family:load_kmnist"


class EmnistConfig(DataConfig):
    """EMNIST in torchvision's folder."""

    implementation: ClassVar[str] = "trainables.data.mnist_family:load_emnist"


class NpzConfig(DataConfig):
    """One's own images in an .npz file."""

    implementation: ClassVar[str] = "trainables.data.npz:load_npz"
    takes_path: ClassVar[bool] = True

"""Where images come from: a class of settings for every data source, most of which have none of their own."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from trainables.settings.section import Implemented


class DataConfig(Implemented):
    """Settings that one data source alone has; `implementation` is a function Source -> Parts."""

    takes_path: ClassVar[bool] = False
    """Whether it reads what `data.path` names, which it then needs."""
    path_is_place: ClassVar[bool] = True
    """Whether that is a file or folder, relative to the space file, rather than an import path."""


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


class ModuleDataConfig(DataConfig):
    """What a function of one's own returns."""

    implementation: ClassVar[str] = "trainables.data.own_function:load_own"
    takes_path: ClassVar[bool] = True
    path_is_place: ClassVar[bool] = False


class ImageFolderConfig(DataConfig):
    """A folder with a folder of images for each class."""

    implementation: ClassVar[str] = "trainables.data.image_folder:load_image_folder"
    takes_path: ClassVar[bool] = True
    height: int = Field(0, ge=0, le=1024, description="Pixels down; 0: as they are, all of one size.")
    width: int = Field(0, ge=0, le=1024, description="Pixels across; 0: as they are, all of one size.")
    grey: bool = Field(False, description="Take coloured images as their luminance.")
    inverted: bool | None = Field(
        None, description="True turns a white background to black, False says that a bright one is meant."
    )

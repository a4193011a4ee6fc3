"""MNIST and the datasets in its file format, from torchvision's folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trainables.data.dataset import Parts, Source, Split
from trainables.data.download import download
from trainables.data.families import FAMILIES, Family, Part
from trainables.data.idx_files import find_file, read_array
from trainables.data.location import find_root
from trainables.data.splitting import shuffled
from trainables.errors import DataError


def load_mnist(source: Source) -> Parts:
    """Handwritten digits, 28x28, 10 classes (LeCun, Cortes, Burges): 50,000 / 10,000 / 10,000."""
    return load_family(FAMILIES["mnist"], source.root)


def load_fashion_mnist(source: Source) -> Parts:
    """Clothes, 28x28, 10 classes (Xiao, Rasul, Vollgraf 2017): 50,000 / 10,000 / 10,000."""
    return load_family(FAMILIES["fashion_mnist"], source.root)


def load_kmnist(source: Source) -> Parts:
    """Cursive Japanese characters, 28x28, 10 classes (Clanuwat et al. 2018): 50,000 / 10,000 / 10,000."""
    return load_family(FAMILIES["kmnist"], source.root)


def load_emnist(source: Source) -> Parts:
    """EMNIST balanced: digits and letters, 28x28, 47 classes (Cohen et al. 2017): 94,000 / 18,800 / 18,800.

    The files hold every image mirrored about its diagonal; here they stand upright.
    """
    return load_family(FAMILIES["emnist"], source.root)


def load_family(family: Family, root: Path | None = None) -> Parts:
    """Val is as many images of the shuffled train file as the test file has; test is the test file.

    Missing files are downloaded if they belong into the user's cache folder, see `find_root`.
    DataError if a file is missing or not what it should be.
    """
    location = find_root(root)
    if location.is_cache and not _is_complete(location.root, family):
        download(family, location.root)
    train = _read_part(location.root, family, "train")
    test = _read_part(location.root, family, "test")
    n_train = len(train) - len(test)
    return Parts(
        Split(train.images[:n_train], train.labels[:n_train]),
        Split(train.images[n_train:], train.labels[n_train:]),
        test,
        family.n_classes,
        class_names=family.class_names,
    )


def _is_complete(root: Path, family: Family) -> bool:
    try:
        for file in family.files:
            find_file(root, family, file)
    except DataError:
        return False
    return True


def _read_part(root: Path, family: Family, part: Part) -> Split:
    """All images of one file, shuffled: MNIST's test file has the easier writers first."""
    images = read_array(root, family, family.images_file(part))
    labels = read_array(root, family, family.labels_file(part))
    order = shuffled(len(labels))
    if family.transposed:
        images = images.transpose(0, 2, 1)
    scaled = images[order].astype(np.float32)
    scaled /= 255
    return Split(np.ascontiguousarray(scaled), labels[order])

"""The 8x8 digits that scikit-learn ships: no file to get, seconds to search."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from trainables.data.dataset import Parts, Source, Split
from trainables.data.splitting import stratified_split


def load_digits(_source: Source) -> Parts:
    """1,797 images of 8x8 pixels in 10 classes, 60/20/20 by class into train, val and test.

    Pixels 0 to 16 become [0, 1]. Source: E. Alpaydin and C. Kaynak, UCI Optical Recognition of
    Handwritten Digits, its test set, as scikit-learn holds it.
    """
    table = np.loadtxt(_file(), delimiter=",", dtype=np.uint8)
    images = (table[:, :-1].reshape(-1, 8, 8) / 16).astype(np.float32)
    labels = table[:, -1].astype(np.int64)
    train, val, test = (Split(images[part], labels[part]) for part in stratified_split(labels, (0.2, 0.2)))
    return Parts(train, val, test, n_classes=10)


def _file() -> Path:
    """scikit-learn's file, found without importing scikit-learn: a driver needs nothing else of it, and its
    import takes longer than a trial on these digits.
    """
    spec = find_spec("sklearn")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"

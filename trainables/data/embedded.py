"""The 8x8 digits that scikit-learn ships: no file to get, seconds to search."""

from __future__ import annotations

import numpy as np
from sklearn import datasets

from trainables.data.dataset import Parts, Source, Split
from trainables.data.splitting import stratified_split


def load_digits(_source: Source) -> Parts:
    """1,797 images of 8x8 pixels in 10 classes, 60/20/20 by class into train, val and test.

    Pixels 0 to 16 become [0, 1]. Source: E. Alpaydin and C. Kaynak, UCI Optical Recognition of
    Handwritten Digits, its test set, as scikit-learn holds it.
    """
    bunch = datasets.load_digits()
    images = (bunch.images / 16).astype(np.float32)
    labels = bunch.target.astype(np.int64)
    train, val, test = (Split(images[part], labels[part]) for part in stratified_split(labels, (0.2, 0.2)))
    return Parts(train, val, test, n_classes=10)

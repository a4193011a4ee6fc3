"""One fixed shuffle and one fixed way to split, so that a dataset's name says which images are in test."""

from __future__ import annotations

import numpy as np

from trainables.errors import DataError

# Fixed for ever: changing it moves images between train and test of every dataset.
SPLIT_SEED = 20_240_917


def shuffled(n: int, stream: int = 0) -> np.ndarray:
    """A fixed permutation of range(n), int64 (n,); another one for another `stream`."""
    return np.random.default_rng((SPLIT_SEED, stream)).permutation(n)


def stratified_split(labels: np.ndarray, shares: tuple[float, ...]) -> list[np.ndarray]:
    """Indices of len(shares) + 1 disjoint shuffled parts: the rest first, then one part a share.

    Each part has each class in (nearly) the class's own proportion, and at least one image of it.
    labels int64 (N,). DataError names a class with too few images to be in every part.
    """
    order = shuffled(len(labels))
    parts: list[list[np.ndarray]] = [[] for _ in range(len(shares) + 1)]
    for label in np.unique(labels):
        members = order[labels[order] == label]
        if len(members) <= len(shares):
            raise DataError(
                f"class {label} has {len(members)} images; to be in every split it needs {len(shares) + 1}"
            )
        start = 0
        for part, share in enumerate(shares, start=1):
            size = max(1, round(share * len(members)))
            parts[part].append(members[start : start + size])
            start += size
        parts[0].append(members[start:])
    # Mixed again, because a limit keeps the first images of a part.
    joined = [np.concatenate(part) for part in parts]
    return [rows[shuffled(len(rows), stream)] for stream, rows in enumerate(joined, start=1)]

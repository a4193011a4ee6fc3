"""Bits that are no concepts, to hold concepts against: each keeps something of theirs and lacks the rest.

permuted        each bit dealt out over the images anew: its prevalence, no link to the image
random_images   random functions of the image: prevalence and decodability, no meaning
labels          sets of classes drawn at random: about its prevalence, nothing but the label
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trainables.settings.auxiliary import ConceptControl

Bools = npt.NDArray[np.bool_]
POOL = 10
"""Random functions that are drawn for every concept, of which the most alike in decodability is taken."""
COMPONENTS = 50
HIDDEN = 128
RIDGE = 1e-2
MOST_ROWS = 5000
"""Images on which decodabilities are compared."""
STRENGTHS = (0.0, 0.7, 1.5, 3.0, 10.0)
"""Standard deviation of a random wave's phase over the images: 0 is linear, 10 tells nothing alike."""


def controlled(
    control: ConceptControl, bits: Bools, images: np.ndarray, labels: np.ndarray, seed: int
) -> Bools:
    """Bits (n, c) in place of `bits` (n, c) of images (n, h, w) with labels (n,)."""
    draws = np.random.default_rng(seed)
    if control == "permuted":
        return np.stack([draws.permutation(column) for column in bits.T], axis=1)
    if control == "labels":
        return np.stack([_classes(labels, float(column.mean()), draws) for column in bits.T], axis=1)
    if control == "random_images":
        return random_functions(bits, images, draws)
    return bits


def random_functions(bits: Bools, images: np.ndarray, draws: np.random.Generator) -> Bools:
    """For each bit a random function of the image, cut at the same prevalence, out of a pool the one that the
    pixels' 50 leading components tell as nearly as well (R^2 of a ridge regression)."""
    pixels = images.reshape(len(images), -1).astype(np.float64)
    scores = principal_scores(pixels, COMPONENTS)
    pool = _random_values(pixels, POOL * bits.shape[1], draws)
    rows = slice(MOST_ROWS)
    wanted = decodability(scores[rows], bits[rows].astype(np.float64))
    free = np.ones(pool.shape[1], dtype=bool)
    found = []
    for i, share in enumerate(bits.mean(axis=0)):
        cut = pool > np.quantile(pool, 1 - share, axis=0)
        distance = np.abs(decodability(scores[rows], cut[rows].astype(np.float64)) - wanted[i])
        best = int(np.where(free, distance, np.inf).argmin())
        free[best] = False
        found.append(cut[:, best])
    return np.stack(found, axis=1)


def decodability(features: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """R^2 of a ridge regression of each target (n, c) on features (n, k), over the same rows: (c,)."""
    x = features - features.mean(axis=0)
    y = targets - targets.mean(axis=0)
    gram = x.T @ x + RIDGE * np.trace(x.T @ x) / x.shape[1] * np.eye(x.shape[1]) / len(x)
    residual = y - x @ np.linalg.solve(gram, x.T @ y)
    total = np.maximum((y**2).sum(axis=0), 1e-12)
    return np.asarray(1 - (residual**2).sum(axis=0) / total)


def principal_scores(pixels: np.ndarray, most: int) -> np.ndarray:
    """Scores (n, k) on at most `most` leading components of the rows."""
    centred = pixels - pixels.mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    kept = axes[:, variances > 1e-9 * variances[-1]][:, -most:]
    return np.asarray(centred @ kept)


def _random_values(pixels: np.ndarray, count: int, draws: np.random.Generator) -> np.ndarray:
    """(n, count) values of random sums of 128 waves, from linear to wild."""
    centred = pixels - pixels.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=1).mean())
    hidden = centred @ draws.standard_normal((pixels.shape[1], HIDDEN)) / max(spread, 1e-12)
    shift = draws.uniform(0, 2 * np.pi, HIDDEN)
    parts = []
    for i, strength in enumerate(STRENGTHS):
        own = hidden if strength == 0 else np.cos(strength * hidden + shift)
        parts.append(
            own @ draws.standard_normal((HIDDEN, count // len(STRENGTHS) + (i < count % len(STRENGTHS))))
        )
    return np.concatenate(parts, axis=1)


def _classes(labels: np.ndarray, share: float, draws: np.random.Generator) -> Bools:
    """Whether an image's class is in a set drawn at random, of as nearly that share of the images."""
    classes = draws.permutation(np.unique(labels))
    if len(classes) < 2:
        return draws.permutation(np.arange(len(labels)) < share * len(labels))
    sums = np.cumsum([(labels == label).mean() for label in classes])[:-1]
    return np.isin(labels, classes[: int(np.abs(sums - share).argmin()) + 1])

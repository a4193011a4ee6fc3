"""Images made of known strokes: what a dictionary ought to find is known here, pixel by pixel.

    x = clip(max_p s_p T_p + noise, 0, 1)        T_p (h, w) stroke p,   s_p in [.6, 1], 0 where it is absent

Which parts are there comes from a Gaussian copula: part p is wanted where

    sqrt(c) g_group(p) + sqrt(1 - c) e_p > t,    g, e normal,   groups of four parts,

and present where it is wanted and its parent in the hierarchy is present. A class is a pair of parts: both
are put into each of its images (with their parents), and no image holds another class's pair, so the label
is a function of the parts and no single part gives it away: every part of a pair serves several classes
where there are fewer than twice as many parts as classes. t is set so that `per_image` parts are present on
average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from trainables.data.dataset import Parts, PartTruth, Source, Split
from trainables.data.splitting import stratified_split
from trainables.errors import DataError
from trainables.settings.planted import PlantedConfig

GROUP = 4
WEAKEST = 0.6
# Standard deviation of a stroke's cross section, in pixels.
BRUSH = 0.7
# Length of a stroke as a share of the image's side.
LENGTHS = (0.3, 0.5)
# Images from which the threshold t is set, whatever their number in the end.
CALIBRATION_IMAGES = 2000
BISECTIONS = 14

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class World:
    """Everything but the images: strokes (P, h, w), parents (P,) (-1: none), pairs (classes, 2)."""

    strokes: Floats
    parents: npt.NDArray[np.int64]
    pairs: npt.NDArray[np.int64]


def load_planted(source: Source) -> Parts:
    """The images of `PlantedConfig(**source.settings)`, with their truth.

    DataError where the settings cannot be met: more classes than pairs, more parts an image than there are.
    """
    try:
        config = PlantedConfig.model_validate(dict(source.settings))
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in found["loc"])
        raise DataError(f"planted: {where} is {found['input']!r}: {found['msg']}") from None
    world = plant(config)
    images, labels, strengths = draw(config, world)
    rows = stratified_split(labels, (0.2, 0.2))
    train, val, test = (Split(images[part], labels[part]) for part in rows)
    truth = PartTruth(world.strokes, tuple(strengths[part] for part in rows))
    return Parts(train, val, test, config.classes, truth)


def plant(config: PlantedConfig) -> World:
    """The strokes, their hierarchy, and each class's pair."""
    rng = np.random.default_rng((config.seed, 0))
    if config.per_image > config.parts / 2:
        raise DataError(
            f"per_image is {config.per_image:g} of {config.parts} parts; it can be at most half of them"
        )
    parents = _parents(config.parts, config.depth)
    strokes = np.stack(_strokes(config, parents, rng)).astype(np.float32)
    return World(strokes, parents, _pairs(config, parents, rng))


def draw(config: PlantedConfig, world: World) -> tuple[Floats, npt.NDArray[np.int64], Floats]:
    """Images (n, h, w), labels (n,) and strengths (n, P), 0 where a part is absent."""
    threshold = _threshold(config, world)
    rng = np.random.default_rng((config.seed, 2))
    labels, present = _presence(config, world, threshold, config.images, rng)
    strengths = (present * rng.uniform(WEAKEST, 1.0, present.shape)).astype(np.float32)
    images = np.zeros((config.images, config.size, config.size), dtype=np.float32)
    for part, stroke in enumerate(world.strokes):
        np.maximum(images, strengths[:, part, None, None] * stroke, out=images)
    images += config.noise * rng.standard_normal(images.shape, dtype=np.float32)
    return images.clip(0, 1), labels, strengths


def _presence(
    config: PlantedConfig, world: World, threshold: float, n: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], Bools]:
    """Labels (n,), in equal shares, and which parts are there (n, P)."""
    labels = rng.permutation(np.arange(n) % config.classes)
    groups = -(-config.parts // GROUP)
    common = np.repeat(rng.standard_normal((n, groups)), GROUP, axis=1)[:, : config.parts]
    own = rng.standard_normal((n, config.parts))
    wanted = np.sqrt(config.correlation) * common + np.sqrt(1 - config.correlation) * own > threshold
    needed = np.stack([_with_ancestors(pair, world.parents) for pair in world.pairs])[labels]
    present = _with_parents(wanted | needed, world.parents)
    # Of a pair that belongs to another class one part goes, never one that the image's own class needs.
    for other, pair in enumerate(world.pairs):
        both = present[:, pair].all(axis=1) & (labels != other)
        for part in pair[::-1]:
            drop = both & ~needed[:, part]
            present[drop, part] = False
            both &= ~drop
        present = _with_parents(present, world.parents)
        if both.any():
            raise AssertionError("two classes need each other's pairs")
    return labels, present


def _threshold(config: PlantedConfig, world: World) -> float:
    """t with which `per_image` parts are present on average, by bisection on images of its own."""
    low, high = -4.0, 4.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        rng = np.random.default_rng((config.seed, 1))
        present = _presence(config, world, middle, CALIBRATION_IMAGES, rng)[1]
        low, high = (middle, high) if present.sum(axis=1).mean() > config.per_image else (low, middle)
    return (low + high) / 2


def _parents(parts: int, depth: int) -> npt.NDArray[np.int64]:
    """Part p of level l has a parent in level l - 1; levels are equally large, those of level 0 have none."""
    levels = np.arange(parts) * depth // parts
    parents = np.full(parts, -1)
    for level in range(1, depth):
        above, own = np.flatnonzero(levels == level - 1), np.flatnonzero(levels == level)
        parents[own] = above[np.arange(len(own)) % len(above)]
    return parents


def _with_ancestors(parts: Sequence[int] | npt.NDArray[np.int64], parents: npt.NDArray[np.int64]) -> Bools:
    """(P,) bool: the parts and all that they hang on."""
    needed = np.zeros(len(parents), dtype=bool)
    for part in parts:
        while part >= 0:
            needed[part] = True
            part = int(parents[part])
    return needed


def _with_parents(present: Bools, parents: npt.NDArray[np.int64]) -> Bools:
    """Without the parts (n, P) whose parent is absent; parents come before their children."""
    kept = present.copy()
    for part, parent in enumerate(parents):
        if parent >= 0:
            kept[:, part] &= kept[:, parent]
    return kept


def _pairs(
    config: PlantedConfig, parents: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """One pair of parts a class, such that no pair's ancestors hold another pair."""
    found: list[tuple[int, int]] = []
    candidates = list(combinations(range(config.parts), 2))
    order = rng.permutation(len(candidates))
    # Parts that serve several classes first come from the few that already serve one.
    shared = max(2, min(config.parts, round(1.25 * config.classes)))
    pool = set(rng.permutation(config.parts)[:shared].tolist())
    for wanted in (pool, set(range(config.parts))):
        for place in order:
            pair = candidates[place]
            if len(found) == config.classes:
                break
            if set(pair) <= wanted and pair not in found and _fits(pair, found, parents):
                found.append(pair)
    if len(found) < config.classes:
        raise DataError(
            f"{config.parts} parts in {config.depth} levels give only {len(found)} pairs that exclude each "
            f"other, fewer than {config.classes} classes; take more parts or fewer classes"
        )
    return np.array(found)


def _fits(pair: tuple[int, int], found: list[tuple[int, int]], parents: npt.NDArray[np.int64]) -> bool:
    """Whether neither this pair with its ancestors holds an earlier pair, nor the other way round."""
    own = _with_ancestors(pair, parents)
    return all(
        not own[list(other)].all() and not _with_ancestors(other, parents)[list(pair)].all()
        for other in found
    )


def _strokes(config: PlantedConfig, parents: npt.NDArray[np.int64], rng: np.random.Generator) -> list[Any]:
    """Curves, each (h, w) with maximum 1: the first level's spread or heaped, children begin where a parent
    ends."""
    size = config.size
    half = (size - 1) / 2
    reach = (1 - config.overlap) * 0.38 * size
    columns = int(np.ceil(np.sqrt(config.parts)))
    places = rng.permutation(columns**2)[: config.parts]
    strokes: list[Any] = []
    ends: list[Any] = []
    for part, parent in enumerate(parents):
        cell = np.array(divmod(int(places[part]), columns))
        middle = half + reach * (2 * (cell + 0.5) / columns - 1)
        angle = rng.uniform(0, 2 * np.pi)
        along = np.array([np.sin(angle), np.cos(angle)]) * rng.uniform(*LENGTHS) * size
        bend = np.array([np.cos(angle), -np.sin(angle)]) * rng.uniform(-0.2, 0.2) * size
        begin = middle - along / 2 if parent < 0 else ends[parent]
        points = np.clip(np.stack([begin, begin + along / 2 + bend, begin + along]), 1, size - 2)
        strokes.append(_curve(points, size))
        ends.append(points[2])
    return strokes


def _curve(points: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.float64]:
    """The quadratic Bezier curve through two ends and towards a third point (3, 2), drawn with the brush."""
    t = np.linspace(0, 1, 4 * size)[:, None]
    path = (1 - t) ** 2 * points[0] + 2 * t * (1 - t) * points[1] + t**2 * points[2]
    pixels = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij"), axis=-1)
    distances = ((pixels[None] - path[:, None, None]) ** 2).sum(axis=-1).min(axis=0)
    drawn = np.exp(-distances / (2 * BRUSH**2))
    return np.where(drawn > 0.05, drawn / drawn.max(), 0.0)

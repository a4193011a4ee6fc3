"""The gates that need no SAE: G0 hygiene, G1 decodable, G2 sufficient, G4 no leakage; G3 is in `shapley`.

G0  a concept that the label decides, or that decides it (I(c; y) / H > .9), is no concept of its own
G1  R^2 on val of a ridge regression from the plain network's activations above the 99th percentile of
    the same with the concept's bits dealt out anew
G2  completeness of the values above K random projections of the pixels, p = (1 + #{>=}) / (1 + B)
G4  the bits keep 90 % of the completeness of the values; what they lose was more than the concept
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from analysis.concept_verdict.evidence import SEED, Evidence
from analysis.concept_verdict.rule import Word

DISGUISED = 0.9
PERMUTATIONS = 99
PROJECTIONS = 99
LEVEL = 0.05
KEPT = 0.9
RIDGE = 1e-2
BINS = 10
FEWEST = 2
BOOTSTRAPS = 400


@dataclass(frozen=True)
class Gate:
    """What a gate says: its word if it decides, the concepts that go and why, and its numbers."""

    name: str
    sentence: str
    word: Word | None = None
    drop: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)


def hygiene(evidence: Evidence, dropped: Mapping[str, str]) -> Gate:
    """G0; `dropped` are those that preparation left out already. Decides where most others are labels."""
    values, labels = evidence.train.values, evidence.train.labels
    known = {
        name: max(_told(labels, _binned(column)), _told(labels, bit))
        for name, column, bit in zip(evidence.names, values.T, evidence.train.bits.T, strict=True)
    }
    disguised = {
        name: f"a label in disguise: {share:.0%} of it follows from the class"
        for name, share in known.items()
        if share > DISGUISED
    }
    n, left = len(evidence.names), len(evidence.names) - len(disguised)
    text = f"{n} of {n + len(dropped)} concepts are of middling prevalence, none twice; {left} are no labels"
    word = Word.DECORATIVE if left < max(FEWEST, n / 2) else None
    numbers = {"largest share told by the label": max(known.values())}
    return Gate("G0 hygiene", text, word, {**dropped, **disguised}, numbers)


def decodable(evidence: Evidence) -> Gate:
    """G1, of each concept."""
    r2, null = decodability(evidence, PERMUTATIONS)
    bar = np.quantile(null, 0.99, axis=0)
    drop = {
        name: f"the plain network does not tell it: R^2 {own:.3f}, {limit:.3f} by chance"
        for name, own, limit in zip(evidence.names, r2, bar, strict=True)
        if own <= limit
    }
    left = len(evidence.names) - len(drop)
    word = Word.DECORATIVE if left < FEWEST else None
    n = len(evidence.names)
    text = f"{left} of {n} concepts can be read off the plain network, median R^2 {np.median(r2):.2f}"
    return Gate("G1 decodable", text, word, drop, {"median R^2": float(np.median(r2))})


def sufficient(evidence: Evidence) -> Gate:
    """G2; beside it, deciding nothing, as many principal components of the pixels."""
    k, draws = len(evidence.names), np.random.default_rng(SEED)
    own = evidence.eta(evidence.train.values, evidence.val.values)
    p_train, p_val = evidence.train.pixels, evidence.val.pixels
    null = np.array(
        [
            evidence.eta(p_train @ weights, p_val @ weights)
            for weights in (draws.standard_normal((p_train.shape[1], k)) for _ in range(PROJECTIONS))
        ]
    )
    p = (1 + int((null >= own).sum())) / (1 + len(null))
    axes = np.linalg.eigh(np.cov(p_train.T))[1][:, -k:]
    pca = evidence.eta(p_train @ axes, p_val @ axes)
    text = (
        f"completeness {own:.3f}; {k} random projections of the pixels {null.mean():.3f} (p {p:.2g}), "
        f"{k} principal components {pca:.3f}"
    )
    word = Word.DECORATIVE if p > LEVEL else None
    numbers = {"completeness": own, "random projections": float(null.mean()), "p": p, "PCA": pca}
    return Gate("G2 sufficient", text, word, {}, numbers)


def hard_bits(evidence: Evidence) -> Gate:
    """G4. Decides where a bootstrap of the val images shows that the bits keep less than 90 %."""
    soft = evidence.correct(evidence.train.values, evidence.val.values)
    hard = evidence.correct(evidence.train.bits.astype(float), evidence.val.bits.astype(float))
    draws = np.random.default_rng(SEED)
    samples = draws.integers(0, len(soft), (BOOTSTRAPS, len(soft)))
    above = (hard[samples].mean(axis=1) - evidence.chance) / np.maximum(
        soft[samples].mean(axis=1) - evidence.chance, 0.01
    )
    share = (hard.mean() - evidence.chance) / max(soft.mean() - evidence.chance, 0.01)
    upper = float(np.quantile(above, 0.95))
    text = f"hard bits keep {share:.0%} of the values' completeness, at most {upper:.0%}; wanted {KEPT:.0%}"
    return Gate(
        "G4 no leakage",
        text,
        Word.DECORATIVE if upper < KEPT else None,
        {},
        {"kept": float(share), "upper": upper},
    )


def decodability(evidence: Evidence, permutations: int) -> tuple[np.ndarray, np.ndarray]:
    """R^2 on val of every bit (c,), and of bits dealt out anew over train and val (permutations, c)."""
    draws = np.random.default_rng(SEED)
    train, val = (own.bits.astype(float) for own in (evidence.train, evidence.val))
    x, mean = evidence.train.hidden, evidence.train.hidden.mean(axis=0)
    x, x_val = x - mean, evidence.val.hidden - mean
    gram = x.T @ x
    gram += RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    solve = np.linalg.solve(gram, x.T)

    def r2(y: np.ndarray, y_val: np.ndarray) -> np.ndarray:
        centre = y.mean(axis=0)
        residual = y_val - centre - x_val @ (solve @ (y - centre))
        return np.asarray(
            1 - (residual**2).sum(axis=0) / np.maximum(((y_val - centre) ** 2).sum(axis=0), 1e-12)
        )

    null = [r2(draws.permuted(train, axis=0), draws.permuted(val, axis=0)) for _ in range(permutations)]
    return r2(train, val), np.array(null)


def _told(labels: np.ndarray, concept: np.ndarray) -> float:
    """I(c; y) / min(H(c), H(y)), from counts."""
    table = np.zeros((int(labels.max()) + 1, int(concept.max()) + 1))
    np.add.at(table, (labels, concept.astype(int)), 1)
    joint = table / table.sum()
    marginal = joint.sum(axis=1), joint.sum(axis=0)
    entropy = [-float((m[m > 0] * np.log(m[m > 0])).sum()) for m in marginal]
    outer = np.outer(*marginal)
    information = float((joint[joint > 0] * np.log(joint[joint > 0] / outer[joint > 0])).sum())
    return information / max(min(entropy), 1e-12)


def _binned(values: np.ndarray) -> np.ndarray:
    """Levels of a concept with few, tenths of one with many."""
    levels, place = np.unique(values, return_inverse=True)
    if len(levels) <= 2 * BINS:
        return np.asarray(place)
    return np.searchsorted(np.quantile(values, np.arange(1, BINS) / BINS), values)

"""Scores of readers against chance, and how well each metric knew where they would be right.

    skill   (p - c) / (1 - c), p the share of right answers, c the share that guessing gets: 0 = chance
    AUC     probability that a metric is larger for a question answered rightly than for one answered wrongly,
            ties count half: .5 = it knows nothing

Intervals hold 95 %. Readers of one question see the same images and are not independent: p is the mean over
questions of the share of its readers who were right, with Wilson's interval for that many questions, as if
all readers of one were a single one. That of an AUC is the bootstrap's over questions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.blind_test.key import Answers, Keyed

Z = 1.959964
DRAWS = 2000


@dataclass(frozen=True)
class Score:
    """Skill with its interval; questions that were answered, and how many answers were right of how many."""

    skill: float
    low: float
    high: float
    questions: int
    right: int
    answers: int


@dataclass(frozen=True)
class Prediction:
    """A metric's AUC with its interval; NaN where every question was answered rightly, or none."""

    metric: str
    auc: float
    low: float
    high: float


Shares = Mapping[str, tuple[int, int]]
"""Question -> (right answers, answers)."""


def shares(questions: Sequence[Keyed], answers: Iterable[Answers]) -> dict[str, tuple[int, int]]:
    """Count right and all answers of the questions that somebody answered."""
    by_id = {keyed.id: keyed for keyed in questions}
    found: dict[str, tuple[int, int]] = {}
    for reader in answers:
        for name, (choice, _) in reader.given.items():
            right, of = found.get(name, (0, 0))
            found[name] = (right + (choice == by_id[name].right), of + 1)
    return found


def score(questions: Sequence[Keyed], told: Shares) -> Score | None:
    """Skill in the questions that were answered; None if none was."""
    asked = [keyed for keyed in questions if keyed.id in told]
    if not asked:
        return None
    right, answers = (sum(told[keyed.id][i] for keyed in asked) for i in (0, 1))
    p = sum(told[keyed.id][0] / told[keyed.id][1] for keyed in asked) / len(asked)
    chance = sum(keyed.chance for keyed in asked) / len(asked)
    low, high = wilson(p, len(asked))
    skills = [(share - chance) / (1 - chance) for share in (p, low, high)]
    return Score(skills[0], skills[1], skills[2], len(asked), right, answers)


def wilson(p: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval for a share p of n."""
    centre = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def predictions(questions: Sequence[Keyed], told: Shares, seed: int = 0) -> list[Prediction]:
    """One for every metric that the key has, the best first; NaN last."""
    asked = [keyed for keyed in questions if keyed.id in told]
    if not asked:
        return []
    rate = np.array([told[keyed.id][0] / told[keyed.id][1] for keyed in asked])
    rng = np.random.default_rng(seed)
    again = rng.integers(0, len(asked), (DRAWS, len(asked)))
    found = []
    for metric in asked[0].metrics:
        values = np.array([keyed.metrics[metric] for keyed in asked])
        drawn = np.array([auc(values[rows], rate[rows]) for rows in again])
        drawn = drawn[np.isfinite(drawn)]
        low, high = np.quantile(drawn, [0.025, 0.975]) if len(drawn) else (math.nan, math.nan)
        found.append(Prediction(metric, auc(values, rate), float(low), float(high)))
    return sorted(found, key=lambda it: -it.auc if it.auc == it.auc else math.inf)


def auc(values: np.ndarray, rate: np.ndarray) -> float:
    """Of values (n,) for questions that shares (n,) of their readers answered rightly; NaN if undefined."""
    right, wrong = rate, 1 - rate
    if not (right.sum() > 0 and wrong.sum() > 0):
        return math.nan
    above = (values[:, None] > values).astype(float) + 0.5 * (values[:, None] == values)
    return float(right @ above @ wrong / (right.sum() * wrong.sum()))

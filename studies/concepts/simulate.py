"""How often a verdict is wrong, by replay of trained arms: studies/concepts/simulation.md.

    python -m studies.concepts.simulate [--sets 2000]

A simulated set is a draw of replicates from `arms.csv`, looked at with 5, 10 and 20 seeds, as somebody would
who goes on until the word is USEFUL. Null sets:

    random      the arm of a random set and its control of random functions, dealt out anew in each replicate,
                so that neither is better by construction; and every other arm with them
    between     the same, with the other arms at chance: the largest of the four p is that of one comparison,
                which is the worst that can happen to the rule
    shuffled    the parts with all five arms dealt out anew in each replicate
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from analysis.concept_verdict.causal import judge
from analysis.concept_verdict.rule import ACCURACY, CONTROLS, FVU, NONE, PRIMARY, REAL, Rule, Word

LOOKS = (5, 10, 20)
ARMS = (NONE, REAL, *CONTROLS)
METRICS = (PRIMARY, ACCURACY, FVU)
POOL = Path(__file__).with_name("arms.csv")
PAGE = Path(__file__).with_name("simulation.md")
AT_CHANCE = 1.0
"""By how much the other arms of `between` are lowered: far more than any spread."""

Pool = Mapping[str, np.ndarray]
"""Set -> values (arms, replicates, metrics), in the order of ARMS and METRICS."""


def read_pool(path: Path = POOL) -> dict[str, np.ndarray]:
    """What `train_arms` has written."""
    found: dict[str, dict[tuple[str, int], list[float]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            own = found.setdefault(row["set"], {})
            own[row["arm"], int(row["replicate"])] = [float(row[metric]) for metric in METRICS]
    return {name: _whole(own) for name, own in found.items()}


def _whole(own: Mapping[tuple[str, int], list[float]]) -> np.ndarray:
    """Of the replicates that every arm has."""
    replicates = sorted({r for _, r in own if all((arm, r) in own for arm in ARMS)})
    return np.array([[own[arm, r] for r in replicates] for arm in ARMS])


def simulated(
    kind: str, pool: Pool, draws: np.random.Generator, rule: Rule, looks: tuple[int, ...] = LOOKS
) -> Iterator[Word]:
    """The word of every look at one set, each with the replicates of the look before and more."""
    values = _drawn(kind, pool, draws, looks[-1])
    for look, n in enumerate(looks, start=1):
        arms = {
            arm: {metric: values[i, :n, m].tolist() for m, metric in enumerate(METRICS)}
            for i, arm in enumerate(ARMS)
        }
        yield judge(arms, look, rule).word


def _drawn(kind: str, pool: Pool, draws: np.random.Generator, n: int) -> np.ndarray:
    """Values (arms, n, metrics) of one simulated set."""
    source = pool["random" if kind in ("random", "between") else "parts" if kind == "shuffled" else kind]
    values = source[:, draws.integers(0, source.shape[1], n)].copy()
    real, twin = ARMS.index(REAL), ARMS.index("random_images")
    if kind in ("random", "between"):
        swap = draws.random(n) < 0.5
        values[real, swap], values[twin, swap] = values[twin, swap], values[real, swap]
        if kind == "between":
            others = [i for i in range(len(ARMS)) if i not in (real, twin)]
            values[others, :, 0] -= AT_CHANCE
    if kind == "shuffled":
        for i in range(n):
            values[:, i] = values[draws.permutation(len(ARMS)), i]
    return values


def table(sets: int, seed: int = 0, pool: Pool | None = None, rule: Rule | None = None) -> str:
    """Shares of sets with each word after each look, as Markdown; a set that was USEFUL once stays so."""
    known, judged = read_pool() if pool is None else pool, rule or Rule()
    lines = [
        "| set | truth | sets | seeds | USEFUL | HARMFUL | DECORATIVE | INCONCLUSIVE |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for kind, truth in KINDS.items():
        for n, counts in shares(kind, sets, known, judged, seed).items():
            cells = " | ".join(f"{counts[word] / sets:.3f}" for word in WORDS)
            lines.append(f"| {kind} | {truth} | {sets} | {n} | {cells} |")
    return "\n".join(lines) + "\n"


KINDS = {
    "random": "useless",
    "between": "useless",
    "shuffled": "useless",
    "parts": "USEFUL",
    "too_much": "HARMFUL",
}
WORDS = (Word.USEFUL, Word.HARMFUL, Word.DECORATIVE, Word.INCONCLUSIVE)


def shares(kind: str, sets: int, pool: Pool, rule: Rule, seed: int) -> dict[int, Counter[Word]]:
    """Seeds of a look -> how many of `sets` sets have which word then, the first USEFUL being kept."""
    draws = np.random.default_rng((seed, sorted(KINDS).index(kind)))
    found: dict[int, Counter[Word]] = {n: Counter() for n in LOOKS}
    for _ in range(sets):
        kept: Word | None = None
        for n, word in zip(LOOKS, simulated(kind, pool, draws, rule), strict=True):
            kept = kept or (word if word is Word.USEFUL else None)
            found[n][kept or word] += 1
    return found


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--sets", type=int, default=2000, help="simulated of each kind (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, default=PAGE)
    options = parser.parse_args()
    head = (
        "# How often the verdict on a concept set is wrong\n\n"
        f"{options.sets} simulated sets of each kind, replayed from trained arms on planted images "
        "(`arms.csv`, written by `python -m studies.concepts.train_arms`): `make concepts-simulation`. What "
        "each kind is: `simulate.py`. A set that was USEFUL at a look stays so.\n\n"
    )
    options.out.write_text(head + table(options.sets), encoding="utf-8")


if __name__ == "__main__":
    main()

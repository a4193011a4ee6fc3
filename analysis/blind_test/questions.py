"""Questions about one latent each, from its codes alone; every kind can be guessed at a known rate.

    fires      8 images on which it fires; on which of 4 others does it fire?     chance 1/4
    intruder   5 images, on 4 of which it fires; which is the fifth?              chance 1/5
    name       8 images, to be named by the reader in a few words; much later, by these words alone,
               on which of 4 others does it fire?                                chance 1/4

Where it fires is drawn from the stronger half of its firings, so that what is shown and what is asked come
from the same place; of weaker firings nothing is claimed. What it is silent on is of a class on which it
fires too, as far as there is such an image: a reader who sees the class alone should not pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FIRES, INTRUDER, NAME = KINDS = ("fires", "intruder", "name")
SHOWN = 8
CHOICES = 4
GROUP = 5
# Firing images that a latent needs: half of them must hold what is shown and what is asked.
FEWEST = 2 * (SHOWN + 1)
# As the validity card has it: what fires on more says too little of an image.
MOST = 0.25


@dataclass(frozen=True)
class Question:
    """kind: of KINDS; shown and choices: rows of the split, as they are laid out; right: place in choices."""

    kind: str
    latent: int
    shown: tuple[int, ...]
    choices: tuple[int, ...]
    right: int

    @property
    def chance(self) -> float:
        """How often a guess is right."""
        return 1 / len(self.choices)


def askable(codes: np.ndarray) -> np.ndarray:
    """Latents of codes (n, f) that fire on enough images, and not on too many: ascending."""
    firing = (codes > 0).sum(axis=0)
    return np.flatnonzero((firing >= FEWEST) & (firing <= MOST * len(codes)))


def question(kind: str, latent: int, z: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> Question:
    """One question of `kind` about a latent with codes z (n,) on images of these labels (n,)."""
    firing = np.flatnonzero(z > 0)
    strong = firing[np.argsort(-z[firing], kind="stable")][: max(SHOWN + 1, len(firing) // 2)]
    drawn = rng.permutation(strong)
    if kind == INTRUDER:
        shown: tuple[int, ...] = ()
        asked = drawn[: GROUP - 1].tolist()
        odd = _silent(z, labels, labels[asked], 1, rng)
        answer, others = odd[0], asked
    else:
        shown = tuple(drawn[:SHOWN].tolist())
        answer = int(drawn[SHOWN])
        others = _silent(z, labels, labels[drawn[: SHOWN + 1]], CHOICES - 1, rng)
    choices = rng.permutation([answer, *others]).tolist()
    return Question(kind, latent, shown, tuple(choices), choices.index(answer))


def _silent(
    z: np.ndarray, labels: np.ndarray, classes: np.ndarray, count: int, rng: np.random.Generator
) -> list[int]:
    """`count` images on which it is silent, of these classes while there are any."""
    silent = rng.permutation(np.flatnonzero(z <= 0))
    near = np.isin(labels[silent], classes)
    found: list[int] = np.concatenate([silent[near], silent[~near]])[:count].tolist()
    return found

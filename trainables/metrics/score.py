"""One number that a search may rank by.

score = (prod_i max(0.01, clip(part_i, 0, 1)))^(1/n) over the parts a study lists, in [0.01, 1].
Each part is 0 at its own null and 1 at perfection:
    junk    (1 - attribution/junk) x share of all f latents that can be measured
    purity  selectivity/purity_skill x share of all f latents that can be judged
    alive   1 - sae/dead_fraction
    splice  splice/ce_recovered
    probe   (probe/accuracy - majority) / (1 - majority)
A mean over living latents is multiplied by how many of all f they are, so a dead latent counts like one at
chance and losing latents does not pay: not at random (on average), nor by picking latents at or above chance.
A latent *below* chance does pull a part down; that its loss can raise the part is the price of a null at
exactly 0, since counting such latents as 0 would credit a random dictionary for its lucky half.
The floor keeps early trials, where one part is at chance, from being all tied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

FLOOR = 0.01


def interpretability_score(parts: Mapping[str, float], listed: Iterable[str]) -> float:
    """Geometric mean of the listed parts, each clipped to [0.01, 1]; KeyError for an unknown part."""
    names = tuple(listed)
    if not names:
        raise ValueError("the score needs at least one part")
    return prod(min(max(parts[name], FLOOR), 1.0) for name in names) ** (1 / len(names))


def above_chance(value: float, chance: float) -> float:
    """(value - chance) / (1 - chance): 0 at chance, 1 at perfection; 0 where chance is already perfect."""
    return (value - chance) / (1 - chance) if chance < 1 else 0.0

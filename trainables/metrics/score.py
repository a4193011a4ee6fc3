"""One number that a search may rank by.

score = (prod_i max(0.01, clip(part_i, 0, 1)))^(1/n) over the parts a study lists, in [0.01, 1].
Each part is 0 at its own null and 1 at perfection:
    junk    credit of the latents for looking at strokes, see `score_parts`
    purity  credit of the latents for pure top images, see `score_parts`
    alive   1 - sae/dead_fraction
    splice  splice/ce_recovered
    probe   (probe/accuracy - majority) / (1 - majority)
The first three are sums over latents that removing latents cannot raise. Splice and probe measure what the
codes as a whole do: there a latent that does harm is rightly better gone.
The floor keeps early trials, where one part is at chance, from being all tied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

FLOOR = 0.01
# Part -> what it is; each lies in [0, 1] with 0 at its null.
PARTS = {
    "junk": "latents' credit for looking at strokes",
    "purity": "latents' credit for pure top images",
    "alive": "share of latents that fire",
    "splice": "cross entropy recovered from mean ablation",
    "probe": "accuracy of the probe on the codes above the majority class",
}
SCORE_PARTS: tuple[str, ...] = tuple(PARTS)
DEFAULT_SCORE_PARTS: tuple[str, ...] = ("junk", "purity", "alive", "splice")


def interpretability_score(parts: Mapping[str, float], listed: Iterable[str]) -> float:
    """Geometric mean of the listed parts, each clipped to [0.01, 1]; KeyError for an unknown part."""
    names = tuple(listed)
    if not names:
        raise ValueError("the score needs at least one part")
    return prod(min(max(parts[name], FLOOR), 1.0) for name in names) ** (1 / len(names))


def above_chance(value: float, chance: float) -> float:
    """(value - chance) / (1 - chance): 0 at chance, 1 at perfection; 0 where chance is already perfect."""
    return (value - chance) / (1 - chance) if chance < 1 else 0.0

"""Which latent of one trial is which of the other, and which have no counterpart.

Both models see the same images. If they share their classifier, decoder rows lie in one hidden space and
    likeness = cosine of decoder rows.
Hidden units of two classifiers have nothing in common, be they as many or not; then
    likeness = correlation of codes over the images.
Pairs are the one-to-one matching with the largest sum of likenesses (Hungarian method), among latents that
fire on the split. A pair counts only if it is more alike than 95 % of the pairs of a matching by chance:
    decoder       random directions, as many, in as many dimensions
    correlation   the second trial's codes dealt out anew among the images of each class, so that latents
                  share their class with others and nothing more
Two SAEs of one study start from the same random directions, and latents that hardly trained still lie there,
with a cosine near 1 and nothing else in common. Matched by decoder, a pair therefore counts only if its codes
are also correlated beyond what is left of their correlation after such a dealing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from analysis.features.observed import Observed
from trainables.metrics.redundancy import rank
from trainables.seeds import generator

Method = Literal["decoder", "correlation"]
NULL_DRAWS = 3
NULL_QUANTILE = 0.95


@dataclass(frozen=True)
class Pair:
    """Two latents, their likeness by the method of the matching, and the correlation of their codes.

    by_class: the correlation that is left when codes are dealt out anew inside classes.
    """

    first: int
    second: int
    likeness: float
    correlation: float
    by_class: float


@dataclass(frozen=True)
class Matching:
    """Pairs above chance, the most alike first; the rest of each side, those that write most first.

    mean: likeness of all matched pairs, those below chance too; chance_mean: that of a matching by chance;
    threshold: what a pair's likeness must exceed. noise: what correlation must exceed by_class by, so that it
    is not the luck of the dealing. silent: latents of each side that fire on no image of the split.
    """

    method: Method
    pairs: tuple[Pair, ...]
    only_first: tuple[int, ...]
    only_second: tuple[int, ...]
    mean: float
    chance_mean: float
    threshold: float
    noise: float
    silent: tuple[int, int]


@torch.no_grad()
def match(first: Observed, second: Observed, *, seed: int = 0) -> Matching:
    """Match the latents of two models that saw the same images in the same order; ValueError if not.

    Memory n (f + g) for n images; time grows with the third power of the number of latents: 512 take 1 s.
    """
    if not torch.equal(first.images, second.images):
        raise ValueError("latents can only be matched on the same images")
    one, other = _codes(first), _codes(second)
    alive, other_alive = (torch.nonzero((z > 0).any(dim=0))[:, 0] for z in (one, other))
    correlation = _correlation(one[:, alive], other[:, other_alive])
    method: Method = "decoder" if same_classifier(first, second) else "correlation"
    if method == "decoder":
        likeness = _cosines(first.decoder[alive], second.decoder[other_alive])
    else:
        likeness = correlation
    rows, columns, values = _best(likeness)
    tables = _dealt_correlations(one[:, alive], other[:, other_alive], first.labels, seed)
    if method == "decoder":
        chance = _chance_decoder(first.decoder[alive], second.decoder[other_alive], seed)
    else:
        chance = np.concatenate([_best(table)[2] for table in tables])
    dealt = np.stack([table.cpu().numpy()[rows, columns] for table in tables])
    by_class = dealt.mean(axis=0)
    # The mean of the draws is nearer to each of them than to another one; the factor sets that right.
    noise = _quantile((dealt - by_class) * (NULL_DRAWS / (NULL_DRAWS - 1)) ** 0.5)
    threshold = _quantile(chance)
    found = [
        Pair(int(alive[i]), int(other_alive[j]), float(value), float(correlation[i, j]), float(left))
        for i, j, value, left in zip(rows, columns, values, by_class, strict=True)
    ]
    pairs = [
        pair
        for pair in found
        if pair.likeness > threshold and (method == "correlation" or pair.correlation > pair.by_class + noise)
    ]
    return Matching(
        method,
        tuple(sorted(pairs, key=lambda pair: (-pair.likeness, pair.first))),
        _left(first, one, alive, {pair.first for pair in pairs}),
        _left(second, other, other_alive, {pair.second for pair in pairs}),
        float(values.mean()) if len(values) else 0.0,
        float(chance.mean()) if len(chance) else 0.0,
        threshold,
        noise,
        (first.n_latents - len(alive), second.n_latents - len(other_alive)),
    )


def same_classifier(first: Observed, second: Observed) -> bool:
    """Whether both SAEs read the very same hidden layer."""
    one, other = first.model.classifier.state_dict(), second.model.classifier.state_dict()
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def _codes(observed: Observed) -> Tensor:
    return torch.cat([z for _, z in observed.encoded()])


def _cosines(a: Tensor, b: Tensor) -> Tensor:
    return F.normalize(a, dim=1) @ F.normalize(b, dim=1).T


def _correlation(a: Tensor, b: Tensor) -> Tensor:
    """Pearson's, of the columns of (n, f) and (n, g): (f, g); 0 for a column that never changes."""
    return _cosines((a - a.mean(dim=0)).T.double(), (b - b.mean(dim=0)).T.double())


def _best(likeness: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns and values of the best matching; all of the smaller side are in it."""
    table = likeness.double().nan_to_num(0.0).cpu().numpy()
    rows, columns = linear_sum_assignment(table, maximize=True)
    return rows, columns, table[rows, columns]


def _chance_decoder(a: Tensor, b: Tensor, seed: int) -> np.ndarray:
    if not (len(a) and len(b)):
        return np.zeros(0)
    dimensions, random = rank(torch.cat([a, b])), generator(seed)
    draws = [
        _best(_cosines(*(torch.randn(len(side), dimensions, generator=random) for side in (a, b))))[2]
        for _ in range(NULL_DRAWS)
    ]
    return np.concatenate(draws)


def _dealt_correlations(a: Tensor, b: Tensor, labels: Tensor, seed: int) -> list[Tensor]:
    """Correlations (f, g) after the rows of b were dealt out anew inside each class, three times."""
    random = generator(seed)
    tables = []
    for _ in range(NULL_DRAWS):
        dealt = torch.arange(len(labels))
        for label in labels.unique().tolist():
            own = torch.nonzero(labels == label)[:, 0].cpu()
            dealt[own] = own[torch.randperm(len(own), generator=random)]
        tables.append(_correlation(a, b[dealt.to(b.device)]))
    return tables


def _quantile(values: np.ndarray) -> float:
    return float(np.quantile(values, NULL_QUANTILE)) if values.size else 0.0


def _left(observed: Observed, z: Tensor, alive: Tensor, taken: set[int]) -> tuple[int, ...]:
    written = z.mean(dim=0) * observed.decoder.norm(dim=1)
    order = alive[written[alive].argsort(descending=True, stable=True)]
    return tuple(latent for latent in order.tolist() if latent not in taken)

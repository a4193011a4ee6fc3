"""Dictionaries that look well in one respect or another and tell a person nothing.

Each takes an honest model of f latents and a table of what the cheat may look at (train activations, images,
labels) and is one more `SupportsFeatures`. They are cheats by construction: label codes know the label (the
network's own logits), copies repeat, wrappers hide what a latent reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.model.decoder_rows import decoder_rows
from trainables.model.interface import SupportsFeatures


@dataclass(frozen=True)
class Known:
    """What a cheat is built from; `codes` (t, f) are the honest ones on train."""

    model: SupportsFeatures
    images: Tensor
    labels: Tensor
    hidden: Tensor
    codes: Tensor
    n_classes: int

    @property
    def rows(self) -> Tensor:
        return decoder_rows(self.model, self.codes.shape[1], self.codes.device)

    def class_rows(self) -> Tensor:
        """Class means of the activations, centred: (classes, d)."""
        means = [self.hidden[self.labels == c].mean(dim=0) for c in range(self.n_classes)]
        return torch.stack(means) - self.hidden.mean(dim=0)

    def noise(self, *shape: int, seed: int = 7) -> Tensor:
        return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class Cheat:
    """A code of the hidden layer: encode by a function, decode linearly; pixels first through `lens`."""

    def __init__(
        self,
        known: Known,
        code: Callable[[Tensor], Tensor],
        rows: Tensor,
        lens: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self._known, self._code, self._rows, self._lens = known, code, rows, lens
        self._mean = known.hidden.mean(dim=0)

    def hidden(self, images: Tensor) -> Tensor:
        return self._known.model.hidden(images if self._lens is None else self._lens(images))

    def head(self, h: Tensor) -> Tensor:
        return self._known.model.head(h)

    def encode(self, h: Tensor) -> tuple[Tensor, Tensor]:
        u = self._code(h)
        return u, u.clamp(min=0)

    def decode(self, z: Tensor) -> Tensor:
        return z @ self._rows + self._mean


def top(u: Tensor, k: int) -> Tensor:
    """u where it is among the k largest of its row, else 0 or less."""
    return torch.where(u >= u.topk(min(k, u.shape[1]), dim=1).values[:, -1:], u, -u.abs())


def honest(known: Known) -> Callable[[Tensor], Tensor]:
    return lambda h: known.model.encode(h)[1]


def surest(known: Known, h: Tensor) -> Tensor:
    """(b, classes): the network's largest logit above the second at its class, negative elsewhere."""
    logits = known.model.head(h)
    first = logits.topk(2, dim=1).values
    return logits - torch.where(logits == first[:, :1], first[:, 1:], first[:, :1])


def dense_code(known: Known) -> Cheat:
    rows = F.normalize(known.noise(known.codes.shape[1], known.hidden.shape[1]), dim=1)
    mean = known.hidden.mean(dim=0)
    return Cheat(known, lambda h: (h - mean) @ rows.T, rows)


def labels(known: Known) -> Cheat:
    return Cheat(known, lambda h: surest(known, h), known.class_rows())


def label_copies(known: Known) -> Cheat:
    gains = 1 + 0.5 * torch.rand(12, generator=torch.Generator().manual_seed(1))
    jitter = 0.5 * known.noise(12 * known.n_classes, known.hidden.shape[1]) * known.class_rows().std()
    return Cheat(
        known,
        lambda h: torch.cat([gain * surest(known, h) for gain in gains], dim=1),
        known.class_rows().repeat(12, 1) + jitter,
    )


def label_thresholds(known: Known) -> Cheat:
    margins = surest(known, known.hidden)
    cuts = [
        torch.stack(
            [column[column > 0].quantile(q) if (column > 0).any() else column.max() for column in margins.T]
        )
        for q in (0.0, 0.2, 0.4, 0.6, 0.8)
    ]
    return Cheat(
        known,
        lambda h: torch.cat([surest(known, h) - cut for cut in cuts], dim=1),
        known.class_rows().repeat(5, 1),
    )


def surer_labels(known: Known) -> Cheat:
    margins = surest(known, known.hidden)
    cut = torch.stack([c[c > 0].quantile(0.4) if (c > 0).any() else c.max() for c in margins.T])
    return Cheat(known, lambda h: surest(known, h) - cut, known.class_rows())


def signed_logits(known: Known) -> Cheat:
    mean = known.model.head(known.hidden).mean(dim=0)

    def code(h: Tensor) -> Tensor:
        logits = known.model.head(h) - mean
        return torch.cat([logits, -logits], dim=1)

    return Cheat(known, code, torch.cat([known.class_rows(), -known.class_rows()]))


def label_and_random(known: Known) -> Cheat:
    directions = F.normalize(known.noise(12, known.hidden.shape[1]), dim=1)
    mean = known.hidden.mean(dim=0)

    def code(h: Tensor) -> Tensor:
        side = (h - mean) @ directions.T
        label = surest(known, h)
        both = torch.where(side[:, :, None] > 0, label[:, None], -label[:, None].abs())
        return both.flatten(1)

    rows = known.class_rows()[None] + directions[:, None] * known.class_rows().norm(dim=1)[:, None]
    return Cheat(known, code, rows.flatten(0, 1))


def label_and_pixel_hash(known: Known) -> Cheat:
    """On for the label where some bit of the activations' digits is set: chance inside every class."""
    directions = known.noise(12, known.hidden.shape[1])

    def code(h: Tensor) -> Tensor:
        bits = ((h @ directions.T * 997).floor() % 2) > 0
        label = surest(known, h)
        return torch.where(bits[:, :, None], label[:, None], -label[:, None].abs()).flatten(1)

    return Cheat(known, code, known.class_rows().repeat(12, 1))


def _nearest(known: Known, rows: Tensor, k: int) -> Cheat:
    mean = known.hidden.mean(dim=0)
    unit = F.normalize(rows, dim=1)
    return Cheat(known, lambda h: top((h - mean) @ unit.T, k), unit)


def prototypes(known: Known) -> Cheat:
    """Single train images' activations."""
    return _nearest(known, (known.hidden - known.hidden.mean(dim=0))[: known.codes.shape[1]], 8)


def _strong(known: Known, count: int) -> Tensor:
    firing = (known.codes > 0).double().mean(dim=0)
    score = known.codes.double().square().mean(dim=0) * ((firing > 0.01) & (firing < 0.25))
    return score.argsort(descending=True)[:count]


def pairs(known: Known) -> Cheat:
    """Minima of pairs of the latents that fire together most."""
    code, best = honest(known), _strong(known, 40)
    fires = (known.codes[:, best] > 0).double()
    together = (fires.T @ fires).triu(1).flatten()
    chosen = together.argsort(descending=True)[: known.codes.shape[1]]
    first, second = best[chosen // len(best)], best[chosen % len(best)]

    def minimum(h: Tensor) -> Tensor:
        z = code(h)
        return torch.minimum(z[:, first], z[:, second])

    return Cheat(known, minimum, known.rows[first] + known.rows[second])


def copies(known: Known) -> Cheat:
    """The 40 best, five times, a little of another added to each copy."""
    code, best = honest(known), _strong(known, 40)
    extra = 0.05 * known.noise(5, known.codes.shape[1]).abs()
    rows = torch.cat(
        [
            known.rows[best]
            + 0.3
            * known.noise(len(best), known.hidden.shape[1], seed=s)
            * known.rows[best].norm(dim=1, keepdim=True)
            / known.hidden.shape[1] ** 0.5
            for s in range(5)
        ]
    )
    return Cheat(
        known,
        lambda h: torch.cat([code(h)[:, best] * (1 + e[best]) for e in extra], dim=1),
        rows,
    )


def ladders(known: Known) -> Cheat:
    """The 40 best at five thresholds each."""
    code, best = honest(known), _strong(known, 40)
    cuts = [
        torch.stack([c[c > 0].quantile(q) for c in known.codes[:, best].T])
        for q in (0.01, 0.15, 0.3, 0.45, 0.6)
    ]
    return Cheat(
        known,
        lambda h: torch.cat([code(h)[:, best] - cut for cut in cuts], dim=1),
        known.rows[best].repeat(5, 1),
    )


def saturated_ladders(known: Known) -> Cheat:
    """The same, each code cut off at a constant: no correlation among the common images."""
    code, best = honest(known), _strong(known, 40)
    cuts = [
        torch.stack([c[c > 0].quantile(q) for c in known.codes[:, best].T])
        for q in (0.01, 0.15, 0.3, 0.45, 0.6)
    ]
    rows = known.rows[best].repeat(5, 1)
    rows = rows + known.noise(*rows.shape) * rows.norm(dim=1, keepdim=True) / rows.shape[1] ** 0.5 * 1.2

    def saturated(h: Tensor) -> Tensor:
        excess = torch.cat([code(h)[:, best] - cut for cut in cuts], dim=1)
        return excess.sign() + 0.01 * excess

    return Cheat(known, saturated, rows)


def one_image(known: Known) -> Cheat:
    """Each fires where one train image is all but met."""
    unit = F.normalize(known.hidden[: known.codes.shape[1]], dim=1)
    return Cheat(known, lambda h: F.normalize(h, dim=1) @ unit.T - 0.995, unit)


def dead_zone(known: Known) -> Cheat:
    return Cheat(known, honest(known), known.rows, lens=lambda x: (x - 0.1).relu() / 0.9)


def quantised(known: Known) -> Cheat:
    return Cheat(known, honest(known), known.rows, lens=lambda x: (x * 4).round() / 4)


def huge_bias(known: Known) -> Cheat:
    code = honest(known)
    return Cheat(known, lambda h: code(h) + 1000.0, known.rows)


def huge_bias_at_top(known: Known) -> Cheat:
    """A constant added wherever the latent fires: relative changes of the code all but vanish."""
    code = honest(known)

    def lifted(h: Tensor) -> Tensor:
        z = code(h)
        return z + 1000.0 * (z > 0)

    return Cheat(known, lifted, known.rows / 1000)


def two_latents(known: Known) -> Cheat:
    best = _strong(known, 2)
    code = honest(known)
    return Cheat(known, lambda h: code(h)[:, best], known.rows[best])


def saturating(known: Known) -> Cheat:
    """Gaussian directions whose codes jump to 1."""
    rows = F.normalize(known.noise(known.codes.shape[1], known.hidden.shape[1]), dim=1)
    mean = known.hidden.mean(dim=0)
    cut = ((known.hidden - mean) @ rows.T).quantile(0.95, dim=0)
    return Cheat(known, lambda h: torch.tanh(50 * ((h - mean) @ rows.T - cut)), rows)


def noise_width(known: Known) -> Cheat:
    """Pixels below .06 vanish and others snap to the full value: small noise is invisible."""
    return Cheat(known, honest(known), known.rows, lens=lambda x: torch.where(x > 0.06, x, 0.0))


def gaussian_topk(known: Known) -> Cheat:
    return _nearest(known, known.noise(known.codes.shape[1], known.hidden.shape[1]), 8)


def class_pairs(known: Known) -> Cheat:
    """On for either of two classes: neither one label nor a stroke."""
    i, j = torch.triu_indices(known.n_classes, known.n_classes, 1)

    def code(h: Tensor) -> Tensor:
        margins = surest(known, h)
        return torch.maximum(margins[:, i], margins[:, j])

    rows = known.class_rows()
    return Cheat(known, code, rows[i] + rows[j])


def ink_and_label(known: Known) -> Cheat:
    """The label, cut into slices of the activations' size: how much ink, not where."""
    size = known.hidden.norm(dim=1)
    cuts = torch.quantile(size, torch.linspace(0, 1, 9))

    def code(h: Tensor) -> Tensor:
        slot = torch.bucketize(h.norm(dim=1), cuts[1:-1])
        inside = F.one_hot(slot, 8).bool()
        label = surest(known, h)
        return torch.where(inside[:, :, None], label[:, None], -label[:, None].abs()).flatten(1)

    rows = known.class_rows().repeat(8, 1)
    rows = rows + known.noise(*rows.shape) * rows.norm(dim=1, keepdim=True) / rows.shape[1] ** 0.5
    return Cheat(known, code, rows)


def clusters_of_label(known: Known) -> Cheat:
    """Nearest of many train images among those that the network gives its own label."""
    mean = known.hidden.mean(dim=0)
    centres = known.hidden[: 12 * known.n_classes]
    given = known.model.head(centres).argmax(dim=1)

    def code(h: Tensor) -> Tensor:
        own = known.model.head(h).argmax(dim=1)
        distance = torch.cdist(h, centres)
        distance = torch.where(own[:, None] == given, distance, 1e6)
        nearest = distance == distance.amin(dim=1, keepdim=True)
        return torch.where(nearest, 1.0, -1.0)

    return Cheat(known, code, centres - mean)


def rotated(known: Known) -> Cheat:
    """Codes honest, decoder rows of other latents and random ones mixed in: nobody writes what is read."""
    rows = known.rows
    mixed = rows + 1.5 * known.noise(*rows.shape) * rows.norm(dim=1, keepdim=True) / rows.shape[1] ** 0.5
    return Cheat(known, honest(known), mixed)


def negations(known: Known) -> Cheat:
    """Fires where a latent is silent and the class would have it: absences."""
    code, best = honest(known), _strong(known, 40)

    def absent(h: Tensor) -> Tensor:
        label = surest(known, h)
        z = code(h)[:, best]
        both = torch.where(z[:, :, None] > 0, -1.0, label[:, None])
        return both.flatten(1)[:, : 40 * known.n_classes]

    rows = (known.class_rows()[None] - 2 * known.rows[best][:, None]).flatten(0, 1)
    return Cheat(known, absent, rows)


def split_by_class(known: Known) -> Cheat:
    """Each of the 25 best latents once for every class: honest parts, told apart by the label."""
    code, best = honest(known), _strong(known, 25)

    def split(h: Tensor) -> Tensor:
        own = F.one_hot(known.model.head(h).argmax(dim=1), known.n_classes)
        return (code(h)[:, best, None] * own[:, None]).flatten(1)

    rows = known.rows[best][:, None] + known.class_rows()[None]
    return Cheat(known, split, rows.flatten(0, 1))


CHEATS: dict[str, Callable[[Known], Cheat]] = {
    builder.__name__: builder
    for builder in (
        dense_code, labels, label_copies, label_thresholds, surer_labels, signed_logits, label_and_random,
        label_and_pixel_hash, prototypes, gaussian_topk, pairs, copies, ladders, saturated_ladders, one_image,
        dead_zone, quantised, huge_bias, huge_bias_at_top, two_latents, saturating, noise_width, class_pairs,
        ink_and_label, clusters_of_label, rotated, negations, split_by_class,
    )
}  # fmt: skip

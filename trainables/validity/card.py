"""The validity card: which latents of a dictionary say something that a person can check.

Nine tests, a file each: by codes usable, distinct, selective, more_than_label, used and, where a twin is
given, stable; by finite full-strength edits of images far, enough and moves. No gradient decides anything.

    proposed    usable and distinct        suggestive   and all other tests by codes
    supported   and all by edits, of those that could be made
    supported   number of latents that pass all;      readable = sum over latents of the product of margins

Without labels selective, more_than_label and used are left out, without strokes far, enough and moves,
without a twin stable; `left_out` names them, and what they would have said is not made up.
Edits are made of latents drawn in proportion to their margins on the codes (`sampling`), or of all
candidates. Standard errors cover the drawing of latents and the few images of each, not that the images of
the split are a sample themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.validity import enough, far, moves
from trainables.validity.controls import Controls
from trainables.validity.distinct import distinct
from trainables.validity.draws import Draws
from trainables.validity.exhibits import Exhibits, exhibits
from trainables.validity.more_than_label import more_than_label
from trainables.validity.outcome import Outcome
from trainables.validity.part import blob, heat, hottest
from trainables.validity.sampling import Sample, draw
from trainables.validity.selective import selective
from trainables.validity.stable import stable
from trainables.validity.subject import Subject
from trainables.validity.usable import usable
from trainables.validity.used import used

DRAWS = 64
IMAGES = 6
# Pairs of a latent and an image that are edited at a time: bounds memory.
PAIRS = 96
# Weight in the drawing of a latent that passes every test by codes, whatever its margins.
CANDIDATE = 0.4

ON_CODES = ("usable", "distinct", "selective", "more_than_label", "used", "stable")
BY_EDITS = ("far", "enough", "moves")
TIERS = ("none", "proposed", "suggestive", "supported")

JUDGES: dict[str, Callable[[Tensor], Outcome]] = {
    "far": far.judge,
    "enough": enough.judge,
    "moves": moves.judge,
}


@dataclass(frozen=True)
class Count:
    """A number of latents and its standard error."""

    value: float
    se: float


@dataclass(frozen=True)
class Card:
    """What the tests said. `usable` is of all f latents; `columns` (c,) are those usable, `distinct` of them;
    `candidates` (p,) are places among all latents of those that are both, `codes` the further tests of these,
    by name; `sample` which of the candidates were edited, `edits` name -> figures (m, s, k) of these.
    """

    usable: Outcome
    columns: Tensor
    distinct: Outcome
    candidates: Tensor
    codes: Mapping[str, Outcome]
    sample: Sample
    edits: Mapping[str, Tensor]
    left_out: tuple[str, ...]

    @property
    def examined(self) -> Tensor:
        """Latents (m,) of which edits were made."""
        return self.candidates[self.sample.places.to(self.candidates.device)]

    def supported(self, instead: Mapping[str, Outcome] | None = None) -> Count:
        """How many latents pass every test that was made, edits among them; 0 where none could be edited.

        instead: verdicts (m,) that stand in for those of the tests of these names, see `unseen`.
        """
        passed = self._edited_passes(instead or {})
        variance = self.sample.variance(passed)
        return Count(self.sample.total(passed), math.sqrt(variance))

    def readable(self) -> Count:
        """Sum over latents of the product of their margins."""
        margins = self.margins()
        sizes = [figures.shape[1] for figures in self.edits.values()]
        images = min(sizes, default=0)
        variance = self.sample.variance(margins)
        if images > 1:
            left = torch.stack([self._edited_margins(image) for image in range(images)])
            jackknife = (left - left.mean(dim=0)).square().sum(dim=0) * (images - 1) / images
            variance += float((jackknife / self.sample.probability).sum())
        return Count(self.sample.total(margins), math.sqrt(variance))

    def margins(self) -> Tensor:
        """Product of its margins of each latent examined: (m,) float64 in [0, 1]."""
        return self._edited_margins(None)

    def tiers(self) -> Tensor:
        """Index into TIERS of each of the f latents; one that was not edited is suggestive at most."""
        tier = torch.zeros(len(self.usable.passed), dtype=torch.int64)
        tier[self.candidates.cpu()] = 1
        tier[self.candidates.cpu()[self._codes_passes()]] = 2
        tier[self.examined.cpu()[self._edited_passes({}) > 0]] = 3
        return tier

    def _codes_passes(self) -> Tensor:
        passed = torch.ones(len(self.candidates), dtype=torch.bool)
        for outcome in self.codes.values():
            passed &= outcome.passed.cpu()
        return passed

    def _edited_passes(self, instead: Mapping[str, Outcome]) -> Tensor:
        """(m,) float64, 1 or 0."""
        passed = self._codes_passes()[self.sample.places] & bool(self.edits)
        for name, figures in self.edits.items():
            outcome = instead[name] if name in instead else JUDGES[name](figures.mean(dim=1))
            passed &= outcome.passed
        return passed.double()

    def _edited_margins(self, without: int | None) -> Tensor:
        """(m,) products, as if the image `without` had not been seen."""
        margins = codes_margin(self.codes, len(self.candidates))[self.sample.places]
        for name, figures in self.edits.items():
            kept = [image for image in range(figures.shape[1]) if image != without]
            margins = margins * JUDGES[name](figures[:, kept].mean(dim=1)).margin
        return margins


@dataclass(frozen=True)
class ByCodes:
    """What the tests by codes say of a subject: the fields of `Card` of these names."""

    usable: Outcome
    columns: Tensor
    distinct: Outcome
    candidates: Tensor
    codes: Mapping[str, Outcome]


@torch.no_grad()
def by_codes(subject: Subject, controls: Controls, twin: Subject | None = None) -> ByCodes:
    """The tests that no image is edited for; cards of one subject with other draws share them."""
    often = usable(subject)
    columns = often.passed.nonzero()[:, 0]
    different = distinct(subject, columns)
    candidates = columns[different.passed]
    codes: dict[str, Outcome] = {}
    if subject.labels is not None:
        codes = {
            "selective": selective(subject, candidates, controls),
            "more_than_label": more_than_label(subject, candidates, controls),
            "used": used(subject, candidates, controls),
        }
    if twin is not None:
        codes["stable"] = stable(subject, candidates, controls, twin)
    return ByCodes(often, columns, different, candidates, codes)


@torch.no_grad()
def validity_card(
    subject: Subject,
    controls: Controls,
    *,
    twin: Subject | None = None,
    draws: int | None = DRAWS,
    images: int = IMAGES,
    known: ByCodes | None = None,
) -> Card:
    """Fill the card of a subject.

    draws: latents to edit, None for all candidates. images: how many of each; 24 before a single latent's
    verdict is shown to anyone. twin: an SAE of another seed on the same images, for `stable`. known: what
    `by_codes` said of all three before.
    """
    told = known or by_codes(subject, controls, twin)
    sample = draw(_weights(told.codes, len(told.candidates)), draws, controls.generator("latents"))
    edits: dict[str, Tensor] = {}
    if subject.strokes is not None:
        columns = told.candidates[sample.places.to(told.candidates.device)]
        edits = edited_figures(subject, columns, controls, images)
    made = {"usable", "distinct", *told.codes, *edits}
    left_out = tuple(name for name in (*ON_CODES, *BY_EDITS) if name not in made)
    return Card(
        told.usable, told.columns, told.distinct, told.candidates, told.codes, sample, edits, left_out
    )


def codes_margin(codes: Mapping[str, Outcome], candidates: int) -> Tensor:
    """Product of the margins on the codes: (p,) float64 on the CPU."""
    margin = torch.ones(candidates, dtype=torch.float64)
    for outcome in codes.values():
        margin = margin * outcome.margin.cpu()
    return margin


def _weights(codes: Mapping[str, Outcome], candidates: int) -> Tensor:
    passed = torch.ones(candidates, dtype=torch.bool)
    for outcome in codes.values():
        passed &= outcome.passed.cpu()
    return torch.maximum(codes_margin(codes, candidates), CANDIDATE * passed.double())


def edited_figures(subject: Subject, columns: Tensor, controls: Controls, images: int) -> dict[str, Tensor]:
    """Figures (m, s, k) of each of BY_EDITS for latents `columns` (m,), on the CPU."""
    sizes = {"far": 2, "enough": 2, "moves": 3}
    parts: dict[str, list[Tensor]] = {
        name: [torch.zeros(0, images, size, dtype=torch.float64)] for name, size in sizes.items()
    }
    draws = Draws(subject.images, subject.labels, controls)
    for group in columns.split(max(1, PAIRS // images)):
        for name, figures in _edit(exhibits(subject, group, images), draws).items():
            parts[name].append(figures.cpu())
    return {name: torch.cat(figures) for name, figures in parts.items()}


def _edit(seen: Exhibits, draws: Draws) -> dict[str, Tensor]:
    part = hottest(seen.pictures, heat(seen))
    random = blob(seen.pictures, draws.centre[seen.at])
    return {
        "far": far.measure(seen, draws),
        "enough": enough.measure(seen, part, random),
        "moves": moves.measure(seen, part, random, draws),
    }

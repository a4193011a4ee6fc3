"""Whether latents hold under edits that no loss trains on, where a loss imitates a test of the card.

A training that pastes where a latent looks, fires its part alone or lays ink far away uses the edits of
`moves`, `enough` and `far`. Each edit here stands in for one of these, by the same thresholds:

    smaller, larger   for moves: the part holds .3, .7 of the ink
    shifted           for moves: part and blob are laid 1 or 2 of 28 pixels from their place
    mirrored          for moves: the hosts are mirrored left to right
    erased            for moves: without the part the rank kept falls >= .2 below that without the blob
    boxed             for moves: the part is whole boxes of 5 of 28 pixels, those of largest mean heat
    boxed_alone       for enough: that part on black
    drawings          for far: lines, squares, dots and the mirrored digit, the worst of the four

A latent is supported *unseen* if it passes the card with every stand-in at once. That is a lower bound:
a detector that asks for nearly every pixel of its stroke at its place fails `shifted` by right, and where a
blob holds most of the ink (`larger`) or its loss hurts too (`erased`) a true part may not beat it by .2.
Source: the edits by which the recipes of docs/methods.md were judged before there was code for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.validity import enough, far, moves
from trainables.validity.card import IMAGES, PAIRS, Card, Count
from trainables.validity.controls import Controls
from trainables.validity.draws import Draws
from trainables.validity.exhibits import Exhibits, exhibits
from trainables.validity.outcome import Outcome, ramp
from trainables.validity.part import blob, heat, hottest
from trainables.validity.subject import Subject

SMALLER, LARGER = 0.3, 0.7
BOX = 5 / 28
SHIFT = 2 / 28
DOTS = 0.03
# Drawings are made per image out of these many, so that they belong to no latent.
FIELDS = 64

STANDS_FOR = {
    "smaller": "moves",
    "larger": "moves",
    "shifted": "moves",
    "mirrored": "moves",
    "erased": "moves",
    "boxed": "moves",
    "boxed_alone": "enough",
    "drawings": "far",
}


def _drawings(means: Tensor) -> Outcome:
    worst = means.amax(dim=1)
    return Outcome(worst <= far.CHANGE, ramp(worst, 0.9, 0.3), {"drawings": worst})


JUDGES: dict[str, Callable[[Tensor], Outcome]] = {
    **dict.fromkeys(STANDS_FOR, moves.judge),
    "boxed_alone": enough.judge,
    "drawings": _drawings,
}


@torch.no_grad()
def unseen(card: Card, subject: Subject, controls: Controls, images: int = IMAGES) -> dict[str, Outcome]:
    """Verdicts (m,) on the latents that the card edited, by the names of STANDS_FOR; {} without strokes."""
    if subject.strokes is None:
        return {}
    draws = Draws(subject.images, subject.labels, controls)
    fields = _Fields(subject.images, controls)
    found: dict[str, list[Tensor]] = {name: [] for name in STANDS_FOR}
    for group in card.examined.split(max(1, PAIRS // images)):
        for name, figures in _figures(exhibits(subject, group, images), draws, fields).items():
            found[name].append(figures.mean(dim=1).cpu())
    return {name: JUDGES[name](torch.cat(means)) for name, means in found.items() if means}


def supported_under(card: Card, verdicts: Mapping[str, Outcome], names: Iterable[str] = STANDS_FOR) -> Count:
    """How many latents the card supports with the stand-ins of these names, all at once."""
    instead: dict[str, Outcome] = {}
    for name in names:
        if name in verdicts:
            before = instead.get(STANDS_FOR[name])
            instead[STANDS_FOR[name]] = verdicts[name] if before is None else _both(before, verdicts[name])
    return card.supported(instead)


def _both(one: Outcome, other: Outcome) -> Outcome:
    return Outcome(one.passed & other.passed, torch.minimum(one.margin, other.margin))


class _Fields:
    """What belongs to an image: shifts (n, 2) of 1 or 2 of 28 pixels, and lines, squares and dots
    (3, 64, h, w) bool, of which image i takes those of place i modulo 64."""

    def __init__(self, images: Tensor, controls: Controls) -> None:
        draw = controls.generator("unseen edits")
        n, height, width = images.shape
        most = max(1, round(SHIFT * min(height, width)))
        size = torch.randint(1, most + 1, (n, 2), generator=draw)
        sign = torch.randint(0, 2, (n, 2), generator=draw) * 2 - 1
        self.shifts = (size * sign).to(images.device)
        self.drawn = torch.stack(
            [
                _lines(height, width, draw),
                _squares(height, width, draw),
                torch.rand(FIELDS, height, width, generator=draw) < DOTS,
            ]
        ).to(images.device)


def _figures(seen: Exhibits, draws: Draws, fields: _Fields) -> dict[str, Tensor]:
    pictures, centre = seen.pictures, draws.centre[seen.at]
    looked = heat(seen)
    part, random = hottest(pictures, looked), blob(pictures, centre)
    boxed = hottest(pictures, _boxes(looked))
    at = draws.hosts[seen.at]
    hosts, bare = seen.subject.images[at], seen.subject.codes[at, seen.columns[:, None, None]]

    def laid(piece: Tensor, control: Tensor) -> Tensor:
        return moves.rates(seen, piece, control, hosts, bare)

    shifts = fields.shifts[seen.at]
    turned = hosts.flip(-1)
    without = seen.kept(torch.stack([pictures * ~random, pictures * ~part], dim=2))
    return {
        "smaller": moves.measure(
            seen, hottest(pictures, looked, SMALLER), blob(pictures, centre, SMALLER), draws
        ),
        "larger": moves.measure(
            seen, hottest(pictures, looked, LARGER), blob(pictures, centre, LARGER), draws
        ),
        "shifted": laid(shifted(pictures * part, shifts), shifted(pictures * random, shifts)),
        "mirrored": moves.rates(seen, pictures * part, pictures * random, turned, seen.codes(turned)),
        "erased": torch.cat([without, torch.zeros_like(without[..., :1])], dim=-1),
        "boxed": laid(pictures * boxed, pictures * random),
        "boxed_alone": enough.measure(seen, boxed, random),
        "drawings": _change_by_drawings(seen, fields),
    }


def _change_by_drawings(seen: Exhibits, fields: _Fields) -> Tensor:
    """Change of rank by lines, squares, dots and the mirrored digit beyond the hull: (m, s, 4) float64."""
    strokes = seen.subject.strokes
    assert strokes is not None
    free = far.beyond(seen.pictures.flatten(0, 1), strokes).view(seen.pictures.shape)[:, :, None]
    drawn = fields.drawn[:, seen.at % FIELDS].permute(1, 2, 0, 3, 4).to(seen.pictures.dtype)
    ink = torch.cat([drawn, seen.pictures.flip(-1)[:, :, None]], dim=2)
    whole = seen.pictures[:, :, None]
    return seen.change(torch.where(free, torch.maximum(whole, ink), whole))


def shifted(images: Tensor, by: Tensor) -> Tensor:
    """Images (m, s, h, w) moved by (m, s, 2) rows and columns; what leaves is lost, what enters is black."""
    height, width = images.shape[-2:]
    rows = torch.arange(height, device=images.device) - by[..., :1]
    columns = torch.arange(width, device=images.device) - by[..., 1:]
    inside_rows, inside_columns = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
    inside = inside_rows[..., :, None] & inside_columns[..., None, :]
    tall = images.gather(-2, rows.clamp(0, height - 1)[..., :, None].expand(images.shape))
    return tall.gather(-1, columns.clamp(0, width - 1)[..., None, :].expand(images.shape)) * inside


def _boxes(heat_map: Tensor) -> Tensor:
    """Mean heat of the box that each pixel lies in, boxes of 5 of 28 pixels: shape as given."""
    height, width = heat_map.shape[-2:]
    side = max(2, round(BOX * min(height, width)))
    padded = F.pad(heat_map, (0, -width % side, 0, -height % side), value=torch.nan)
    cells = padded.unflatten(-1, (-1, side)).unflatten(-3, (-1, side))
    means = cells.nanmean(dim=(-3, -1))
    return means.repeat_interleave(side, dim=-2).repeat_interleave(side, dim=-1)[..., :height, :width]


def _lines(height: int, width: int, draw: torch.Generator) -> Tensor:
    """One line across each of 64 fields, along or down, a 14th of the side thick: bool (64, h, w)."""
    thick = max(1, round(min(height, width) / 14))
    fields = torch.zeros(FIELDS, height, width, dtype=torch.bool)
    for number, field in enumerate(fields):
        axis = number % 2
        start = int(torch.randint(field.shape[axis] - thick + 1, (), generator=draw))
        field.narrow(axis, start, thick).fill_(True)
    return fields


def _squares(height: int, width: int, draw: torch.Generator) -> Tensor:
    """Two filled squares of a box's side in each of 64 fields: bool (64, h, w)."""
    side = max(2, round(BOX * min(height, width)))
    fields = torch.zeros(FIELDS, height, width, dtype=torch.bool)
    for field in fields:
        for _ in range(2):
            top = int(torch.randint(height - side + 1, (), generator=draw))
            left = int(torch.randint(width - side + 1, (), generator=draw))
            field[top : top + side, left : left + side] = True
    return fields

"""Where a latent looks, by finite edits: the half of the ink whose covering costs it most.

heat_p = mean over the windows that cover pixel p of u_j(x) - u_j(x with the window black); windows of a
quarter of the image's side (7 of 28 pixels) at steps of a seventh (4). The part: the inked pixels of largest
heat that together hold half of the image's ink. Its control: a blob with as much ink, the pixels nearest to
an inked pixel drawn at random.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.validity.exhibits import Exhibits

HALF = 0.5
WINDOW = 1 / 4
STEP = 1 / 7


def windows(height: int, width: int) -> Tensor:
    """Masks (k, h, w) bool that cover the image, of one size, overlapping."""
    tall, wide = (
        _spans(size, max(1, round(WINDOW * size)), max(1, round(STEP * size))) for size in (height, width)
    )
    return (tall[:, None, :, None] & wide[None, :, None, :]).flatten(0, 1)


def heat(seen: Exhibits) -> Tensor:
    """Drop of each latent's drive per pixel of its images: (m, s, h, w) float64."""
    covers = windows(*seen.pictures.shape[-2:]).to(seen.pictures.device)
    drops = seen.u[:, :, None] - seen.drives(seen.pictures[:, :, None] * ~covers)
    share = covers.double() / covers.double().sum(dim=0)
    return torch.einsum("msk,khw->mshw", drops, share)


def hottest(images: Tensor, order: Tensor, share: float = HALF) -> Tensor:
    """The inked pixels of images (..., h, w), largest of `order` first, holding a share of the ink: bool."""
    ink, by = images.flatten(-2), order.flatten(-2)
    ranked = torch.where(ink > 0, by, -torch.inf).argsort(dim=-1, descending=True, stable=True)
    ordered = ink.gather(-1, ranked).double()
    before = ordered.cumsum(dim=-1) - ordered
    chosen = (before < share * ordered.sum(dim=-1, keepdim=True)) & (ordered > 0)
    return torch.zeros_like(ink, dtype=torch.bool).scatter(-1, ranked, chosen).view(images.shape)


def blob(images: Tensor, uniform: Tensor, share: float = HALF) -> Tensor:
    """A share of the ink of images (..., h, w) near a random inked pixel, by numbers (...) in [0, 1)."""
    height, width = images.shape[-2:]
    inked = images.flatten(-2) > 0
    place = (uniform * inked.sum(dim=-1)).long()[..., None]
    centre = (inked.cumsum(dim=-1) > place).to(torch.int8).argmax(dim=-1)
    y, x = (centre // width)[..., None, None], (centre % width)[..., None, None]
    rows = torch.arange(height, device=images.device)[:, None]
    columns = torch.arange(width, device=images.device)
    return hottest(images, -((rows - y) ** 2 + (columns - x) ** 2).double(), share)


def _spans(size: int, side: int, step: int) -> Tensor:
    """Intervals (k, size) bool of `side` pixels from first to last, the last flush with the edge."""
    starts = torch.tensor(sorted({*range(0, size - side, step), size - side}))[:, None]
    at = torch.arange(size)
    return (at >= starts) & (at < starts + side)

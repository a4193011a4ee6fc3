"""What a finished trial shows of itself while the search goes on: its latents, and what they look at.

    templates.png      decoder directions in pixels, of up to 64 latents
    attributions.png   one row for each of up to 16 latents: its direction, then the 8 images it fires on
                       most, under the gradient of its pre-activation

Latents are those that write most, by mean z_j |d_j|, the most first. Every template has a scale of its own,
every row of attributions one for its images; blue is below 0 and orange above. Nothing is drawn at random.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from trainables.attribution.attribution import input_gradients
from trainables.metrics.top_images import TopImages
from trainables.model.decoder_rows import decoder_rows
from trainables.model.feature_model import FeatureModel
from trainables.pictures import picture_files
from trainables.pictures.colour import limit_of, overlay, signed
from trainables.pictures.contact_sheet import contact_sheet
from trainables.pictures.decoder_pictures import templates
from trainables.pictures.sprite import png

TEMPLATES = 64
ROWS = 16
TOP = 8
# Of these many images the largest activations are sought, and over so many the templates are means.
MOST_IMAGES = 2000
TEMPLATE_IMAGES = 64
_TILE_PIXELS = 84
# Every trial trained in full waits for its pictures, and few of them are looked at.
QUICK = 2


def draw(model: FeatureModel, images: Tensor, folder: Path) -> None:
    """Write both pictures of `model` on images (n, h, w) into the trial's `folder`; none if no latent fires.

    Raises OSError if the disk refuses.
    """
    images = images[:MOST_IMAGES]
    with torch.no_grad():
        z = model.encode(model.hidden(images))[1]
    liveliest = liveliest_latents(model, z)[:TEMPLATES]
    if not len(liveliest):
        return
    pixels = templates(model, images[:TEMPLATE_IMAGES], liveliest)
    factor = max(1, _TILE_PIXELS // max(images.shape[1:]))
    sheet = contact_sheet(_each_by_its_own(pixels), [str(j) for j in liveliest.tolist()], factor=factor)
    picture_files.write(folder, picture_files.TEMPLATES, png(sheet, effort=QUICK))
    rows = liveliest[:ROWS]
    tiles, captions = _attribution_rows(model, images, z[:, rows], rows, pixels[:ROWS])
    sheet = contact_sheet(tiles, captions, columns=TOP + 1, factor=factor)
    picture_files.write(folder, picture_files.ATTRIBUTIONS, png(sheet, effort=QUICK))


def liveliest_latents(model: FeatureModel, z: Tensor) -> Tensor:
    """Latents that fire in codes (n, f), those that write most into the hidden layer first."""
    lengths = decoder_rows(model, z.shape[1], z.device).norm(dim=1)
    written = z.mean(dim=0) * lengths
    order = written.argsort(descending=True, stable=True)
    return order[(z > 0).any(dim=0)[order]]


def _each_by_its_own(maps: Tensor) -> np.ndarray:
    values = maps.cpu().numpy()
    return np.stack([signed(value, limit_of(value)) for value in values])


def _attribution_rows(
    model: FeatureModel, images: Tensor, codes: Tensor, latents: Tensor, pixels: Tensor
) -> tuple[np.ndarray, list[str]]:
    """Tiles and captions, row by row; codes (n, l) and pixels (l, h, w) are those of `latents` (l,)."""
    top = TopImages(TOP, len(codes), codes.device)
    top.update(codes)
    chosen, fires = top.images().T, top.positive().T
    shown = images[chosen.flatten()]
    columns = latents.repeat_interleave(chosen.shape[1])
    gradients = input_gradients(lambda x: model.encode(model.hidden(x))[0], shown, columns)
    digits = shown.unflatten(0, chosen.shape).cpu().numpy()
    maps = gradients.unflatten(0, chosen.shape).cpu().numpy()
    tiles, captions = [], []
    for row, latent in enumerate(latents.tolist()):
        template = pixels[row].cpu().numpy()
        tiles.append(overlay(np.zeros_like(template), template, limit_of(template)))
        captions.append(f"latent {latent}")
        seen = fires[row].cpu().numpy()
        shown_maps, shown_digits = maps[row] * seen[:, None, None], digits[row] * seen[:, None, None]
        tiles.extend(overlay(shown_digits, shown_maps, limit_of(shown_maps)))
        values = codes[chosen[row], row].tolist()
        captions += [f"{value:.3g}" if is_seen else "" for value, is_seen in zip(values, seen, strict=True)]
    return np.stack(tiles), captions

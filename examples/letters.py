"""Letters drawn from fonts as second data, in a file for `data: {name: npz}`.

python examples/letters.py letters.npz
python search/run.py spaces/sae.yaml --set data.name=npz --set data.path=letters.npz --trials 1

Ten capitals of each font that matplotlib brings, in white on black: drawn large, then shifted, turned and
scaled each on its own, blurred to 28x28, and with a little noise on the strokes.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import matplotlib
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont

LETTERS = "ABEHKMRSTX"
SIDE, DRAWN = 28, 56
FONTS = (
    "DejaVuSans*.ttf",
    "DejaVuSerif*.ttf",
    "STIXGeneral*.ttf",
    "cmb10.ttf",
    "cmr10.ttf",
    "cmss10.ttf",
    "cmtt10.ttf",
)
TURN, SCALE, SHIFT, NOISE = math.radians(12), 0.15, 2 / SIDE, 0.1


def letters(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """n images (n, 28, 28) float32 in [0, 1], black 0, and their labels (n,), indices into LETTERS."""
    glyphs = torch.stack([torch.stack([_glyph(font, letter) for letter in LETTERS]) for font in _fonts()])
    draw = torch.Generator().manual_seed(seed)
    labels = torch.randint(len(LETTERS), (n,), generator=draw)
    large = glyphs[torch.randint(len(glyphs), (n,), generator=draw), labels]
    grey = F.avg_pool2d(_moved(large, draw)[:, None], DRAWN // SIDE)[:, 0]
    ink = 1 + NOISE * torch.randn(grey.shape, generator=draw)
    return (grey * ink).clamp(0, 1).numpy(), labels.numpy()


def _fonts() -> list[Path]:
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    # The Display fonts have no letters.
    return sorted(font for name in FONTS for font in folder.glob(name) if "Display" not in font.name)


def _glyph(font: Path, letter: str) -> torch.Tensor:
    """The letter in the middle of an image (56, 56), 70 % as high."""
    image = Image.new("L", (DRAWN, DRAWN))
    size = ImageFont.truetype(font, DRAWN)
    left, top, right, bottom = size.getbbox(letter)
    size = ImageFont.truetype(font, int(0.7 * DRAWN * DRAWN / max(right - left, bottom - top)))
    ImageDraw.Draw(image).text((DRAWN / 2, DRAWN / 2), letter, fill=255, font=size, anchor="mm")
    return torch.from_numpy(np.array(image, dtype=np.float32)) / 255


def _moved(images: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    turn, scale, across, down = (torch.rand(4, len(images), generator=draw) * 2 - 1).unbind()
    turn, scale = turn * TURN, 1 + scale * SCALE
    rows = torch.stack([scale * turn.cos(), -scale * turn.sin(), 2 * SHIFT * across], dim=1)
    columns = torch.stack([scale * turn.sin(), scale * turn.cos(), 2 * SHIFT * down], dim=1)
    grid = F.affine_grid(
        torch.stack([rows, columns], dim=1), [len(images), 1, DRAWN, DRAWN], align_corners=False
    )
    return F.grid_sample(images[:, None], grid, align_corners=False)[:, 0]


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description="Draw letters from fonts into an .npz file.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--images", type=int, default=12_000, help="60 %% of them are for training")
    options = parser.parse_args()
    images, labels = letters(options.images)
    np.savez(options.path, images=images, labels=labels)


if __name__ == "__main__":
    main()

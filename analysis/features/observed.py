"""One split as a model sees it. Codes are computed when they are asked for, and never held all together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from analysis.features.feature import Examples
from trainables.batches import in_batches
from trainables.data.dataset import Dataset, Split
from trainables.model.decoder_rows import decoder_rows
from trainables.model.feature_model import FeatureModel
from trainables.seeds import generator

# Images encoded at once: with 4,096 latents their u and z are 64 MB.
BATCH = 2048
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Observed:
    """images (n, h, w), labels (n,), h (n, d) and logits (n, classes) of a split on the model's device;
    decoder (f, d): what one unit of each latent adds to h."""

    model: FeatureModel
    images: Tensor
    labels: Tensor
    h: Tensor
    logits: Tensor
    decoder: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def device(self) -> torch.device:
        """The device that the model lies on."""
        return self.decoder.device

    @property
    def n_latents(self) -> int:
        """The number f of latents, dead ones included."""
        return len(self.decoder)

    @torch.no_grad()
    def encoded(self) -> Iterator[tuple[Tensor, Tensor]]:
        """u and z (b, f), batch after batch in the order of the images.

        What a broken latent gives instead of numbers counts as silence: z is 0 and u -inf there.
        """
        for part in self.h.split(BATCH):
            u, z = self.model.encode(part)
            broken = ~(u.isfinite() & z.isfinite())
            yield u.masked_fill(broken, -torch.inf), z.masked_fill(broken, 0.0)

    def columns(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """u and z (n, l) of the given latents (l,)."""
        parts = [(u[:, latents], z[:, latents]) for u, z in self.encoded()]
        return torch.cat([u for u, _ in parts]), torch.cat([z for _, z in parts])

    def part(self, rows: slice) -> Observed:
        """The images at `rows` alone."""
        return replace(
            self, images=self.images[rows], labels=self.labels[rows], h=self.h[rows], logits=self.logits[rows]
        )

    def sample(self, count: int, seed: int) -> Tensor:
        """At most `count` of the split's places, drawn by `seed`: (m,)."""
        return torch.randperm(len(self), generator=generator(seed))[:count].to(self.device)

    def examples(self, rows: np.ndarray, activations: np.ndarray) -> Examples:
        """The images at `rows` (m,) with one latent's codes (m,) there."""
        at = torch.from_numpy(np.asarray(rows, dtype=np.int64)).to(self.device)
        return Examples(
            np.asarray(rows, dtype=np.int64),
            self.images[at].cpu().numpy(),
            self.labels[at].cpu().numpy(),
            self.logits[at].argmax(dim=1).cpu().numpy(),
            np.asarray(activations, dtype=np.float32),
        )


def split_of(data: Dataset, name: str) -> Split:
    """The split of that name; ValueError for another word."""
    if name not in SPLITS:
        raise ValueError(f"there is no split {name!r}; one of {', '.join(SPLITS)}")
    split: Split = getattr(data, name)
    return split


@torch.no_grad()
def observe(model: FeatureModel, split: Split) -> Observed:
    """Run the classifier over the split once."""
    device = model.sae.decoder.device
    images, labels = (torch.tensor(array, device=device) for array in (split.images, split.labels))
    h = in_batches(model.hidden, images, BATCH)
    logits = in_batches(model.head, h, BATCH)
    return Observed(model, images, labels, h, logits, decoder_rows(model, len(model.sae.decoder), device))

"""Sources whose codes are known, and a quiz of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from analysis.blind_test.key import Keyed
from analysis.blind_test.questions import KINDS, Question, question
from analysis.blind_test.sources import Source

IMAGES, CLASSES, LATENTS = 200, 5, 6


def labels() -> np.ndarray:
    return np.arange(IMAGES) % CLASSES


def codes(seed: int = 0) -> np.ndarray:
    """Latent j fires on 36 of 40 images of class j, by chance strength; the last on nothing."""
    rng = np.random.default_rng(seed)
    z = rng.uniform(0.5, 2.0, (IMAGES, LATENTS))
    z[labels()[:, None] != np.arange(LATENTS)] = 0.0
    z[:20] = 0.0  # four images of each class on which it is silent
    return z


def source(kind: str) -> Source:
    rng = np.random.default_rng(1)
    subject: Any = SimpleNamespace(
        images=torch.tensor(rng.random((IMAGES, 8, 8), dtype=np.float32)),
        labels=torch.tensor(labels()),
        codes=torch.tensor(codes()),
    )
    controls: Any = None
    return Source(kind, "planted", 3, subject, controls)


def asked(kind: str, first: int = 0) -> list[tuple[Source, Question]]:
    """One question of each kind, about the first latents."""
    own, rng = source(kind), np.random.default_rng(first)
    z = codes()
    return [(own, question(name, j, z[:, j], labels(), rng)) for j, name in enumerate(KINDS)]


def keyed(pairs: list[tuple[Source, Question]]) -> list[Keyed]:
    return [
        Keyed(
            f"q{i:03d}",
            it.kind,
            own.kind,
            own.run,
            own.trial,
            it.latent,
            it.right,
            len(it.choices),
            {"card": i / 9},
        )
        for i, (own, it) in enumerate(pairs)
    ]

"""What the metrics say of the latents that a quiz asks about, to be held against readers later."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from analysis.blind_test.sources import Source
from trainables.metrics.selectivity import TOP
from trainables.validity.card import JUDGES, by_codes, codes_margin, edited_figures

# Of each latent, as in galleries.
IMAGES = 24


@torch.no_grad()
def measured(source: Source, latents: Sequence[int]) -> list[dict[str, float]]:
    """What is known of each of the latents, all of which fire, by name:

    card        the product of its margins on the validity card, 0 where it comes to none
    by codes    the same of the card's tests by codes alone
    purity      share of the most frequent class among its 50 strongest images
    class       share of the most frequent class among all its firings
    sparsity    1 less the share of images on which it fires.
    """
    subject = source.subject
    told = by_codes(subject, source.controls)
    at = {latent: place for place, latent in enumerate(told.candidates.tolist())}
    on_codes = codes_margin(told.codes, len(told.candidates))
    asked = torch.tensor([latent for latent in latents if latent in at], dtype=torch.int64)
    card = {latent: float(on_codes[at[latent]]) for latent in asked.tolist()}
    if subject.strokes is None:
        card = {}
    elif len(asked):
        for name, figures in edited_figures(subject, asked, source.controls, IMAGES).items():
            margins = JUDGES[name](figures.mean(dim=1)).margin.tolist()
            for latent, margin in zip(asked.tolist(), margins, strict=True):
                card[latent] *= margin
    return [
        {
            "card": card.get(latent, 0.0),
            "by codes": float(on_codes[at[latent]]) if latent in at else 0.0,
            **_of_classes(source, latent),
        }
        for latent in latents
    ]


def _of_classes(source: Source, latent: int) -> dict[str, float]:
    labels, z = source.subject.labels, source.subject.codes[:, latent]
    assert labels is not None
    firing = z > 0
    strongest = z.topk(min(TOP, int(firing.sum()))).indices
    purity, share = (
        float(labels[rows].bincount().max()) / max(1, len(labels[rows])) for rows in (strongest, firing)
    )
    return {"purity": purity, "class": share, "sparsity": 1 - float(firing.float().mean())}

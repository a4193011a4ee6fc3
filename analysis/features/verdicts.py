"""The validity card of each latent, for a person to read: its tier and the tests that it fails.

Six images say enough for a count over latents, but not of one latent. Here every candidate is edited on 24,
and a latent that fires on fewer has no tier. See `trainables.validity.card`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from analysis.features.feature import TIERS, Tick, Verdict
from analysis.features.observed import Observed
from analysis.features.ticks import ticks
from trainables.validity.card import validity_card
from trainables.validity.controls import controls_of
from trainables.validity.subject import Subject, strokes_of

IMAGES = 24


@torch.no_grad()
def verdicts(scored: Observed, train: Observed, seed: int) -> tuple[Verdict, ...]:
    """One for each latent, by its codes and edits on the scored images."""
    if not bool(scored.h.isfinite().all() & train.h.isfinite().all()):
        return (Verdict(None, "the network gives what is no number"),) * scored.n_latents
    codes = torch.cat([z for _, z in scored.encoded()])
    train_firing = torch.stack([(z > 0).sum(dim=0) for _, z in train.encoded()]).sum(dim=0)
    strokes = strokes_of(scored.images)
    subject = Subject(scored.model, scored.images, scored.labels, scored.h, codes, train_firing, strokes)
    controls = controls_of(train.h, scored.images, scored.labels, scored.h, seed)
    card = validity_card(subject, controls, draws=None, images=IMAGES)
    told = ticks(card, subject)
    margins = dict(zip(card.examined.tolist(), card.margins().tolist(), strict=True))
    left_out = f"not applicable: {', '.join(card.left_out)}" if card.left_out else ""
    found = []
    for latent, (tier, firing) in enumerate(zip(card.tiers().tolist(), subject.firing.tolist(), strict=True)):
        if firing < IMAGES:
            found.append(Verdict(None, f"fires on {firing} images, a verdict takes {IMAGES}"))
            continue
        failed = failures(told[latent])
        why = "; ".join(filter(None, (f"fails {', '.join(failed)}" if failed else "", left_out)))
        found.append(Verdict(TIERS[tier], why, margins.get(latent, 0.0), told[latent]))
    return tuple(found)


def failures(told: Sequence[Tick]) -> list[str]:
    """The tests that a latent fails, of those that it came to."""
    return [tick.test for tick in told if tick.passed is False]

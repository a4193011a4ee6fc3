"""The validity card of each latent, for a person to read: its tier and the tests that it fails.

Six images say enough for a count over latents, but not of one latent. Here every candidate is edited on 24,
and a latent that fires on fewer has no tier. See `trainables.validity.card`.
"""

from __future__ import annotations

import torch

from analysis.features.feature import TIERS, Verdict
from analysis.features.observed import Observed
from trainables.validity.card import BY_EDITS, JUDGES, Card, validity_card
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
    failed = failures(card)
    left_out = f"not applicable: {', '.join(card.left_out)}" if card.left_out else ""
    found = []
    for latent, (tier, firing) in enumerate(zip(card.tiers().tolist(), subject.firing.tolist(), strict=True)):
        if firing < IMAGES:
            found.append(Verdict(None, f"fires on {firing} images, a verdict takes {IMAGES}"))
            continue
        fails = f"fails {', '.join(failed[latent])}" if failed[latent] else ""
        found.append(Verdict(TIERS[tier], "; ".join(filter(None, (fails, left_out)))))
    return tuple(found)


def failures(card: Card) -> list[list[str]]:
    """The tests that each of the f latents fails, of those that it came to.

    A latent that fails `usable` comes to no further test, nor one that fails `distinct`; one whose codes
    fail beyond doubt is not edited.
    """
    failed: list[list[str]] = [[] if passed else ["usable"] for passed in card.usable.passed.tolist()]
    for latent, passed in zip(card.columns.tolist(), card.distinct.passed.tolist(), strict=True):
        failed[latent] += [] if passed else ["distinct"]
    for name, outcome in card.codes.items():
        for latent, passed in zip(card.candidates.tolist(), outcome.passed.tolist(), strict=True):
            failed[latent] += [] if passed else [name]
    for name in BY_EDITS:
        if name in card.edits:
            judged = JUDGES[name](card.edits[name].mean(dim=1)).passed.tolist()
            for latent, passed in zip(card.examined.tolist(), judged, strict=True):
                failed[latent] += [] if passed else [name]
    return failed

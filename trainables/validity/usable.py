"""Usable: a latent fires often enough to be looked at, and not on everything."""

from __future__ import annotations

from trainables.validity.outcome import Outcome, all_or_nothing
from trainables.validity.subject import Subject

FEWEST = 10
MOST = 0.25


def usable(subject: Subject) -> Outcome:
    """Fires on >= 10 train and >= 10 of the card's images and on <= 25 % of these: all f latents."""
    firing = subject.firing
    passed = (subject.train_firing >= FEWEST) & (firing >= FEWEST) & (firing <= MOST * len(subject.codes))
    return all_or_nothing(passed)

"""What a confirmation scores, and under which rung of its ledger; imports no torch."""

from __future__ import annotations

CONTROLS = ("identity", "pca", "random_dictionary", "untrained")
"""See `trainables.confirmation.controls`."""
SCORED = ("pipeline", *CONTROLS)
"""What is scored on the test split, in this order."""
TRAINED_RUNG = 1
"""The end of the training, scored on val as in the search."""
LAST_RUNG = TRAINED_RUNG + len(SCORED)


def rung_of(scored: str) -> int:
    """The rung under which the test scores of a member of SCORED are reported: 2, 3, ..."""
    return TRAINED_RUNG + 1 + SCORED.index(scored)

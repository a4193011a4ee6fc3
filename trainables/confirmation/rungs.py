"""What a confirmation scores, and under which rung of its ledger; imports no torch."""

from __future__ import annotations

from trainables.confirmation.members import RETIRED, panel

TRAINED_RUNG = 1
"""The end of the training, scored on val as in the search."""
PIPELINE_RUNG = 2
PANEL = panel()
CONTROLS = tuple(PANEL)
"""Names of the panel's members, in the order of tables."""
RUNGS = {"pipeline": PIPELINE_RUNG, **{member.name: member.rung for member in PANEL.values()}, **RETIRED}
"""Whatever was ever scored on the test split -> the rung of its scores."""
SCORED = tuple(sorted(("pipeline", *CONTROLS), key=RUNGS.__getitem__))
"""What is scored now, in this order."""
LAST_RUNG = RUNGS[SCORED[-1]]


def rung_of(scored: str) -> int:
    """The rung under which the test scores of a key of RUNGS are reported: 2 and more."""
    return RUNGS[scored]


def scored_after(rung: int) -> str:
    """What is scored next when everything up to `rung` is."""
    return next(name for name in SCORED if RUNGS[name] > rung)


def words_of(control: str) -> str:
    """What sentences and tables call a control."""
    return PANEL[control].words if control in PANEL else control.replace("_", " ")

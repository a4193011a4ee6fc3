"""Trials that failed and whose settings nobody has tried again: what `--retry-failed` asks for."""

from __future__ import annotations

from search.ledger.history import History, TrialRecord

RETRY = "retry:"
"""How the origin of a trial begins that has the settings of a failed one; that one's number follows."""


def to_retry(history: History) -> list[TrialRecord]:
    """Failed trials by number, retries among them, that were not tried again themselves."""
    done = {
        int(record.origin.removeprefix(RETRY))
        for record in history.trials.values()
        if record.origin.startswith(RETRY) and record.origin.removeprefix(RETRY).isdecimal()
    }
    return [record for record in history.in_state("FAIL") if record.number not in done]

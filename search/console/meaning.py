"""What the leaders of a run are worth, in sentences: what a confirmation said, else what is not known yet."""

from __future__ import annotations

import json
from pathlib import Path

from search.formatting import count, one_line
from search.ledger.history import History
from search.ranking.floor import FLOORS, READABLE, floor_words
from search.ranking.guards import guards_lost
from search.ranking.leaderboard import Leaderboard


def meaning(history: History, table: Leaderboard, run_dir: Path) -> list[str]:
    """The sentences that `search/confirm.py` left in the run; without them how the leaders stand to the
    floor, and which guards the first of them lost against the default."""
    confirmed = _confirmed(run_dir / "confirm" / "results.json")
    if confirmed:
        return [f"Confirmed: {confirmed[0]}", *confirmed[1:]]
    return [*_beside_the_floor(table), *_lost(history, table)]


def _confirmed(path: Path) -> list[str]:
    """Empty if there is no confirmation, or one that cannot be read: a summary never fails for it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8")).get("meaning", [])
    except (OSError, ValueError, AttributeError, RecursionError):
        return []
    texts = found if isinstance(found, list) else []
    return [one_line(text, 1000) for text in texts if isinstance(text, str)]


def _beside_the_floor(table: Leaderboard) -> list[str]:
    known = [trial for trial in table.ranked if FLOORS[READABLE] in trial.metrics]
    if not known:
        return []
    inside = sum((floor_words(READABLE, trial.metrics) or "").startswith("within") for trial in known)
    told = {0: "none is", 1: "1 is"}.get(inside, f"{inside} are")
    return [
        f"Of {count(len(known), 'trial')} in the table {told} within the floor, the best dictionary that "
        "nobody trained; whether their SAEs are better than the sceptic's panel (k-means, NMF, frozen "
        "decoders ...) is not known before they are confirmed."
    ]


def _lost(history: History, table: Leaderboard) -> list[str]:
    default = next((trial for trial in history.trials.values() if trial.is_default), None)
    if default is None or default.state != "COMPLETE" or not table.ranked:
        return []
    first = table.ranked[0]
    lost = guards_lost(first.metrics, default.metrics)
    if not lost or first.number == default.number:
        return []
    return [
        f"Warning: trial {first.folder} is worse than the default, one training each, in {', '.join(lost)}."
    ]

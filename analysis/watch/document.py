"""A run's state as one JSON document, for scripts; values unrounded, times in seconds."""

from __future__ import annotations

from collections import Counter

from analysis.watch.one_run import heard_of
from analysis.watch.watched_run import WatchedRun
from search.console.progress_lines import best_trials
from search.ledger.history import TrialRecord


def run_document(run: WatchedRun, *, with_disk: bool) -> dict[str, object]:
    """JSON-ready. `eta_s` is a range, null while too little is known or when nothing is running."""
    history, tally, study = run.history, run.tally, run.study
    left = tally.remaining_seconds(run.now) if tally is not None and run.is_searching else None
    return {
        "run": str(run.path),
        "name": None if study is None else study.name,
        "question": None if study is None else study.question,
        "state": run.where.state,
        "says": run.where.sentence,
        "owner": None if run.owner is None else vars(run.owner),
        "started": run.info.get("started"),
        "ended": run.info.get("ended"),
        "exit_code": run.info.get("exit_code"),
        "reason": run.info.get("reason"),
        "counts": {
            "target": history.sessions[-1].target if history.sessions else None,
            "suggested": len(history.trials),
            "complete": len(history.in_state("COMPLETE")),
            "pruned": len(history.in_state("PRUNED")),
            "failed": len(history.in_state("FAIL")),
            "unfinished": len(history.in_state("RUNNING")),
        },
        "trials_per_minute": None if tally is None else tally.per_minute(run.now),
        "eta_s": None if left is None else list(left),
        "best": _best(run),
        "front": [] if tally is None else [trial.number for trial in tally.front],
        "unfinished": [_unfinished(run, trial) for trial in history.in_state("RUNNING")],
        "pruned": _reasons(history.in_state("PRUNED")),
        "failed": _reasons(history.in_state("FAIL")),
        "confirmation": _confirmation(run),
        "last_event": run.newest,
        "last_event_age_s": None if run.newest is None else max(0.0, run.looked - run.newest),
        **({"disk_bytes": run.disk_bytes()} if with_disk else {}),
        "damage": run.damage,
    }


def _best(run: WatchedRun) -> list[dict[str, object]]:
    """The best of the front in every objective."""
    if run.tally is None:
        return []
    return [
        {"metric": objective.metric, "mode": objective.mode, "value": value, "trial": trial.number}
        for objective, value, trial in best_trials(run.tally)
    ]


def _unfinished(run: WatchedRun, trial: TrialRecord) -> dict[str, object]:
    return {
        "trial": trial.number,
        "rung": max(trial.rungs, default=0),
        "epoch": trial.reports[-1].epoch if trial.reports else 0,
        "since_s": max(0.0, run.now - trial.started),
        "silent_s": max(0.0, run.now - heard_of(trial)),
        "retries": trial.retries,
        "metrics": dict(trial.metrics),
    }


def _reasons(trials: list[TrialRecord]) -> list[dict[str, object]]:
    reasons = Counter(trial.reason for trial in trials)
    return [
        {"reason": reason, "trials": [trial.number for trial in trials if trial.reason == reason]}
        for reason, _ in reasons.most_common()
    ]


def _confirmation(run: WatchedRun) -> dict[str, object] | None:
    history = run.confirmed
    if history is None:
        return None
    return {
        "state": run.confirm_state,
        "target": history.sessions[-1].target,
        "complete": len(history.in_state("COMPLETE")),
        "failed": len(history.in_state("FAIL")),
        "unfinished": len(history.in_state("RUNNING")),
    }

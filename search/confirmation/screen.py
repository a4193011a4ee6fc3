"""A confirmation on the terminal: a line for every training as it ends, the findings at the end."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from search.confirmation.estimates import Confirmed
from search.confirmation.schedule import latest, task_of
from search.confirmation.subjects import Task
from search.confirmation.tables import print_confirmed, print_panel, trial_name
from search.confirmation.verdict import sentences
from search.formatting import one_line
from search.ledger.events import End, Event
from search.ledger.history import History, TrialRecord
from search.ranking.floor import EXPLAINED, count_words
from search.ranking.leaderboard import ALWAYS_SHOWN, key_metrics
from search.study.study import Study
from trainables.confirmation.rungs import rung_of

SHOWN = (*ALWAYS_SHOWN, "latents/supported")


class Lines:
    """Says how each training ended, and about how long the rest may take."""

    def __init__(self, study: Study, tasks: Sequence[Task], console: Console, history: History) -> None:
        self._study, self._tasks, self._console = study, tasks, console
        self._began = time.monotonic()
        self._before = self._done(history)
        if self._before:
            console.print(Text(f"{self._before} of {len(tasks)} trainings were done before"))

    def on_events(self, events: Sequence[Event], history: History) -> None:
        """One line for every end among `events`."""
        for event in events:
            if isinstance(event, End):
                self._console.print(Text(self._line(history.trials[event.trial], history)))

    def close(self) -> None:
        """Nothing is held back."""

    def _done(self, history: History) -> int:
        known = latest(history)
        return sum(task in known and known[task].state != "RUNNING" for task in self._tasks)

    def _line(self, record: TrialRecord, history: History) -> str:
        done, wanted = self._done(history), len(self._tasks)
        task = task_of(record)
        head = f"[{done}/{wanted}] trial {task.trial:04d}, seed {task.replicate}"
        if record.state == "FAIL":
            return f"{head} failed: {one_line(record.reason or 'no reason recorded')}"
        metrics = record.rungs[rung_of("pipeline")].metrics
        told = [
            f"{name} {count_words(name, metrics)}" for name in key_metrics(self._study) if name in metrics
        ]
        fresh = done - self._before
        left = (wanted - done) * (time.monotonic() - self._began) / max(1, fresh)
        return "  ".join([head, *told, *([f"about {left:.0f} s left"] if fresh and done < wanted else [])])


def print_results(
    study: Study, results: Sequence[Confirmed], where: str, console: Console, *, every_metric: bool = False
) -> None:
    """Print what was confirmed: search against confirmation, then each trial beside its panel.

    where: the folder with all metrics, as a person would type it.
    """
    shown = [result for result in results if result.seeds]
    metrics = _metrics(study, shown, every_metric)
    sign = "+-" if console.options.ascii_only else "±"
    console.print()
    console.print(Text(f"{one_line(study.name)}, confirmed", style="bold"))
    console.print(Text(one_line(study.question, 1000)))
    console.print(Text(f"Test split, n fresh seeds, mean {sign} standard error: the only numbers to quote."))
    console.print()
    print_confirmed(shown, metrics, sign, console)
    legend = "gap: search value - fresh seeds on validation; minus default: paired by seed; *: the default"
    console.print(Text(legend, style="dim"))
    console.print(Text(EXPLAINED, style="dim"))
    console.print()
    console.print(Text("The sceptic's panel: means of other codes with the same seeds, width and L0:"))
    for result in shown:
        print_panel(result, metrics, console)
    for sentence in sentences(study, shown):
        warned = sentence.startswith("Warning")
        console.print(Text(sentence, style="yellow" if warned else ""))
    for result in results:
        for seed, reason in result.failures:
            said = f"trial {trial_name(result)}, seed {seed} failed: {one_line(reason)}"
            console.print(Text(said, style="red"))
    console.print(Text("All metrics, every standard error and every seed:", style="bold"))
    for name in ("results.json", "summary.csv", "seeds.csv"):
        console.print(Text(f"  {where}/{name}"), soft_wrap=True)


def _metrics(study: Study, results: Sequence[Confirmed], every_metric: bool) -> list[str]:
    found = dict.fromkeys(name for result in results for name in result.estimates["pipeline"])
    if every_metric:
        return list(found)
    return [name for name in dict.fromkeys([*key_metrics(study), *SHOWN]) if name in found]

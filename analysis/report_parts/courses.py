"""Learning curves over the rungs: every trial a line."""

from __future__ import annotations

from fractions import Fraction

from analysis.charts.axes import Axis
from analysis.charts.curves import Curve, curves
from analysis.charts.scale import Numeric, Steps, fitted
from analysis.report_parts.blocks import Figure, Figures, Section, say
from analysis.report_parts.outlook import Outlook, mean_chance_level
from search.formatting import count, score
from search.ledger.history import TrialRecord
from search.ranking.floor import floor_words
from search.study.sections import Objective
from trainables.pipeline.fidelity import rung_share

MOST_CURVES = 250
LEGEND = (
    ("curve front", "Pareto front"),
    ("curve ranked", "trained in full"),
    ("curve infeasible", "breaks a constraint"),
    ("curve default", "default"),
    ("curve pruned", "stopped early"),
)


def learning_curves(outlook: Outlook) -> Section | None:
    """Each objective over the rungs; None where trials have one rung, or none has reached the first."""
    scheduler = outlook.study.scheduler
    if scheduler.name == "none" or scheduler.rungs < 2:
        return None
    reached = [trial for trial in outlook.run.history.trials.values() if trial.rungs]
    if not reached:
        return None
    shown = outlook.selected(reached, MOST_CURVES)
    rungs, factor = scheduler.rungs, scheduler.reduction_factor
    names = tuple(_share_of_training(rung, rungs, factor) for rung in range(1, rungs + 1))
    steps = Axis("share of a full training", Steps(names))
    figures = tuple(_curves(outlook, shown, o, steps) for o in outlook.study.objectives)
    stopped = sum(trial.state == "PRUNED" for trial in reached)
    fewer = (
        f" {len(shown)} of {len(reached)} trials are drawn, the front among them."
        if len(shown) < len(reached)
        else ""
    )
    text = (
        "Every rung is a complete pipeline on a share of the training. "
        f"{stopped} trials were stopped early; their lines are dim. A line that ends at the edge goes on "
        f"beyond it.{fewer}"
    )
    return Section("curves", "Learning curves", (say(text), Figures(figures, outlook.legend(LEGEND, shown))))


def _curves(outlook: Outlook, shown: list[TrialRecord], objective: Objective, steps: Axis) -> Figure:
    metric = objective.metric
    drawn = []
    for trial in shown:
        rungs = sorted(trial.rungs.items())
        places = tuple((float(rung), r.metrics[metric]) for rung, r in rungs if metric in r.metrics)
        if places:
            floor = floor_words(metric, trial.metrics)
            title = f"trial {trial.folder}: {metric} " + " → ".join(score(value) for _, value in places)
            title += "" if floor is None else f" ({floor})"
            drawn.append(Curve(trial.number, outlook.fate(trial), places, title))
    y = Axis(metric, _range(drawn), objective.mode, mean_chance_level(metric, shown))
    description = f"{metric} of {count(len(drawn), 'trial')} at each rung"
    return Figure(f"curves-{metric.replace('/', '-')}", curves(drawn, steps, y, description=description))


def _range(drawn: list[Curve]) -> Numeric:
    """Around all values, unless a few that were stopped early would press the rest together.

    Lines that leave the picture are cut at its edge.
    """
    kept = [value for curve in drawn if curve.fate != "pruned" for _, value in curve.places]
    everything = fitted(value for curve in drawn for _, value in curve.places)
    close = fitted(kept)
    wide = everything.high - everything.low > 3 * (close.high - close.low)
    return close if wide and len(kept) > 3 else everything


def _share_of_training(rung: int, rungs: int, factor: int) -> str:
    share = Fraction(rung_share(rung, rungs, factor)).limit_denominator(10_000)
    return "all" if share == 1 else str(share)

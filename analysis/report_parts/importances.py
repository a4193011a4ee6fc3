"""Which settings the objectives depend on, and whether the best lies at an end of its range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.charts.bars import Bar, bars
from analysis.charts.scale import thinned
from analysis.effects import importance as effects
from analysis.effects.boundary import BoundaryWarning, boundary_warnings
from analysis.effects.importance import Importances
from analysis.report_parts.blocks import (
    Block,
    Figure,
    Figures,
    Items,
    Paragraph,
    Section,
    code,
    say,
)
from analysis.report_parts.outlook import Outlook
from search.formatting import number, trial_list
from search.ledger.history import History
from search.study.study import Study

BOUNDARIES = "Is the best at a boundary of its range?"
MOST = 12
"""Settings a picture."""
MOST_TRIALS = 500
"""A forest for fANOVA takes seconds with these, minutes with thousands, and says the same."""


@dataclass(frozen=True)
class Sample:
    """A run with some of its trials, for what takes long with all of them."""

    study: Study
    history: History


def importances(outlook: Outlook) -> Section | None:
    """Both methods side by side, an objective a picture; the reasons where a method has no answer."""
    found = effects.importances(Sample(outlook.study, _some(outlook)))
    if not found:
        return None
    figures, notes = [], []
    for objective in outlook.study.objectives:
        own = [told for told in found if told.objective == objective.metric]
        notes += [told.reason for told in own if told.reason is not None]
        scored = [told for told in own if told.shares]
        if scored:
            figures.append(_figure(objective.metric, scored))
    blocks: list[Block] = [say(_explained(found))] if figures else []
    if figures:
        blocks.append(Figures(tuple(figures)))
    blocks += [say(_clear(told), kind="note") for told in found if told.shares]
    blocks += [say(by_stage(told), kind="note") for told in found if told.shares and told.method == "fANOVA"]
    blocks += [say(note, kind="note") for note in dict.fromkeys(notes)]
    blocks += [say(text, kind="note") for text in _left_out(found)]
    return Section("importances", "Parameter importances", tuple(blocks))


def _some(outlook: Outlook) -> History:
    trials = outlook.complete
    kept = [trials[place] for place in thinned(range(len(trials)), MOST_TRIALS)]
    return History({trial.number: trial for trial in kept}, outlook.run.history.sessions)


def _explained(found: Sequence[Importances]) -> str:
    trials = max(told.n_trials for told in found)
    return (
        f"Shares of what {trials} fully trained trials vary in, by two methods. fANOVA fits a forest and "
        "splits its variance over the whole space; PED-ANOVA asks which settings set the better trials "
        "apart. Importance has no sign, and with few trials both are rough: where they differ, trust "
        f"neither. The line is the largest share of {effects.PERMUTATIONS} in which the scores were dealt "
        "out to the trials anew: a bar that does not pass it may be chance."
    )


def _clear(told: Importances) -> str:
    """Which bars pass their line, in words."""
    clear = [_setting_name(share.path) for share in told.shares if share.is_clear]
    named = ", ".join(clear) or "no setting"
    return f"{told.objective} by {told.method}: more than chance of {named}."


def by_stage(told: Importances) -> str:
    """The shares added up over the settings of each stage of the pipeline, the largest first."""
    stages: dict[str, float] = {}
    for share in told.shares:
        stage = share.path.split(".")[0]
        stages[stage] = stages.get(stage, 0.0) + share.share
    ordered = sorted(stages.items(), key=lambda pair: -pair[1])
    named = ", ".join(f"{stage} {100 * share:.0f} %" for stage, share in ordered)
    return (
        f"{told.objective} by stage: {named}. Seeds are no setting of a search, so what they do is in all of "
        "these; the spread over seeds is measured by a confirmation."
    )


def _left_out(found: Sequence[Importances]) -> list[str]:
    names = dict.fromkeys((told.method, told.left_out) for told in found if told.left_out)
    return [
        f"{method} scores only what every trial has, so it leaves out {', '.join(paths)}."
        for method, paths in names
    ]


def _figure(metric: str, found: Sequence[Importances]) -> Figure:
    by_method = [{share.path: share.share for share in told.shares} for told in found]
    paths = dict.fromkeys(share.path for told in found for share in told.shares)
    ordered = sorted(paths, key=lambda p: -sum(shares.get(p, 0.0) for shares in by_method))
    chance = [{share.path: share.chance for share in told.shares} for told in found]
    rows = [
        Bar(
            _setting_name(p),
            tuple(shares.get(p) for shares in by_method),
            tuple(known.get(p) for known in chance),
        )
        for p in ordered[:MOST]
    ]
    chart = bars(rows, [told.method for told in found], description=f"Importances for {metric}")
    return Figure(f"importances-{metric.replace('/', '-')}", chart, caption=metric)


def _setting_name(path: str) -> str:
    return f"{path[:-1]} (on or off)" if path.endswith("?") else path


def boundaries(outlook: Outlook) -> Section | None:
    """A sentence for every range at whose end some of the best lie, or that there is none."""
    if not outlook.leaderboard.front:
        return None
    found = boundary_warnings(outlook.run)
    if not found:
        text = "No trial of the front lies within 2 % of an end of a range: the ranges seem wide enough."
        return Section("boundaries", BOUNDARIES, (say(text),))
    text = (
        "Where the best lie at the end of a range, better ones may lie beyond it. These ranges might be "
        "widened, unless the end is one by nature:"
    )
    sentences = Items(tuple(_sentence(warning) for warning in found))
    return Section("boundaries", BOUNDARIES, (say(text), sentences))


def _sentence(warning: BoundaryWarning) -> Paragraph:
    n = len(warning.trials)
    who = f"{n} of the {warning.n_best} best trials that draw it" if warning.n_best > 1 else "the best trial"
    first = ", the first of the ranking among them" if warning.includes_best and warning.n_best > 1 else ""
    have = "have" if n > 1 else "has"
    values = ", ".join(dict.fromkeys(number(value) for value in warning.values))
    where = f"{warning.end} end {number(warning.bound)}"
    return say(
        code(warning.path), f": {who}{first} ({trial_list(warning.trials)}) {have} {values}, at the {where}."
    )

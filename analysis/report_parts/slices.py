"""Each objective against each searched setting: where in its range do good trials lie?"""

from __future__ import annotations

from analysis.charts.axes import Axis
from analysis.charts.scale import fitted
from analysis.charts.scatter import Point, scatter
from analysis.report_parts.blocks import Block, Figure, Figures, Folded, Section, say
from analysis.report_parts.outlook import Outlook, mean_chance_level
from analysis.report_parts.settings_axes import drawable, setting_axis
from search.formatting import count, number, score
from search.ledger.history import TrialRecord
from search.ranking.floor import count_words
from search.study.domains import Parameter
from search.study.sections import Objective

MOST_POINTS = 150
MOST_PICTURES = 36
LEGEND = (
    ("dot front", "Pareto front"),
    ("dot ranked", "beaten by another"),
    ("dot infeasible", "breaks a constraint"),
    ("dot default", "default"),
)


def slices(outlook: Outlook) -> Section | None:
    """A small plot for every setting and objective; None without fully trained trials."""
    if not outlook.complete:
        return None
    parameters = [parameter for parameter in outlook.study.parameters if drawable(parameter)]
    most = max(1, MOST_PICTURES // len(outlook.study.objectives))
    legend = outlook.legend(LEGEND, outlook.complete)
    blocks: list[Block] = [say(_sentence(outlook, len(parameters), most))]
    for place, objective in enumerate(outlook.study.objectives):
        figures = [_slice(outlook, p, objective, place) for p in parameters[:most]]
        drawn = Figures(tuple(figure for figure in figures if figure is not None), legend)
        blocks.append(drawn if place == 0 else Folded(f"The same for {objective.metric}", (drawn,)))
    return Section("slices", "Slices", tuple(blocks))


def _sentence(outlook: Outlook, parameters: int, most: int) -> str:
    text = (
        "Trials that were trained in full, by one setting at a time. A sampler draws more often where it "
        "found good scores, and settings vary together: a slope here is a hint, not an effect."
    )
    if len(outlook.complete) > MOST_POINTS:
        text += f" At most {MOST_POINTS} trials a plot are drawn, the front among them."
    if parameters > most:
        text += f" The first {most} of {parameters} settings are drawn."
    return text


def _slice(outlook: Outlook, parameter: Parameter, objective: Objective, place: int) -> Figure | None:
    having = [t for t in outlook.complete if parameter.path in outlook.values(t)]
    if not having:
        return None
    shown = outlook.selected(having, MOST_POINTS)
    points = [_point(outlook, t, parameter, place) for t in shown]
    values = [t.values[place] for t in shown if t.values is not None]
    y = Axis(objective.metric, fitted(values), objective.mode, mean_chance_level(objective.metric, shown))
    description = f"{objective.metric} by {parameter.path} of {count(len(points), 'trial')}"
    name = f"slice-{objective.metric}-{parameter.path}".replace("/", "-").replace(".", "-")
    chart = scatter(points, setting_axis(parameter), y, description=description, height=190)
    return Figure(name, chart)


def _point(outlook: Outlook, trial: TrialRecord, parameter: Parameter, place: int) -> Point:
    x = outlook.values(trial)[parameter.path]
    assert trial.values is not None
    y = trial.values[place]
    reached = count_words(outlook.study.objectives[place].metric, trial.metrics, score)
    title = f"trial {trial.folder}: {reached} at {parameter.path} {number(x)}"
    return Point(x, y, trial.number, outlook.fate(trial), title)

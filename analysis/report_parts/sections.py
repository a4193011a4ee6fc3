"""The report's sections in their order."""

from __future__ import annotations

from collections.abc import Callable

from analysis.effects.table import direction_effects
from analysis.load import Run
from analysis.report_parts.answer import answer
from analysis.report_parts.blind_test import blind_test
from analysis.report_parts.blocks import Items, Section, say
from analysis.report_parts.confirmed import confirmation
from analysis.report_parts.courses import learning_curves
from analysis.report_parts.directions import directions
from analysis.report_parts.fates import fates, time_spent
from analysis.report_parts.front import front
from analysis.report_parts.importances import boundaries, importances
from analysis.report_parts.latents_seen import latents_seen
from analysis.report_parts.leaderboard import leaderboard
from analysis.report_parts.outlook import Outlook
from analysis.report_parts.provenance import facts_table, galleries, provenance
from analysis.report_parts.slices import slices
from search.study.registries import REPORT_SECTIONS

OF_SEARCHES = (learning_curves, importances, slices, boundaries)
"""They look at domains and at who was stopped; trials that were listed beforehand have neither."""


def sections(outlook: Outlook, progress: Callable[[str], None] = lambda _: None) -> list[Section]:
    """All that this run has something to say in; `progress` is told what takes long."""
    run = outlook.run
    progress("estimating effects")
    effects = direction_effects(run)
    progress("scoring settings, drawing")
    found = [
        answer(outlook, effects),
        front(outlook),
        latents_seen(outlook),
        leaderboard(outlook),
        directions(outlook, effects),
        *(of_searches(outlook) for of_searches in OF_SEARCHES if outlook.study.is_search),
        fates(outlook),
        time_spent(outlook),
        confirmation(outlook),
        blind_test(run),
        damages(run),
        galleries(outlook),
        *(REPORT_SECTIONS[name](outlook) for name in outlook.study.report),
        provenance(outlook),
    ]
    return [section for section in found if section is not None]


def sections_without_space(run: Run) -> list[Section]:
    """What can be told of a run whose space file cannot be read: that, and counts."""
    full, pruned, failed = (len(run.history.in_state(state)) for state in ("COMPLETE", "PRUNED", "FAIL"))
    states = f"{full} trained in full, {pruned} stopped early, {failed} failed"
    text = (
        f"This run's space file cannot be read, so its objectives are not known and nothing can be ranked. "
        f"Its record tells of {len(run.history.trials)} trials: {states}."
    )
    found = [
        Section("answer", "The answer", (say(text, kind="lead"),)),
        damages(run),
        Section("provenance", "Where this comes from", (facts_table(run.info, None),)),
    ]
    return [section for section in found if section is not None]


def damages(run: Run) -> Section | None:
    """What could not be read, a sentence each."""
    if not run.damage:
        return None
    return Section("damage", "What could not be read", (Items(tuple(say(text) for text in run.damage)),))

"""The question answered in generated facts, no more than the numbers carry."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.effects.effect import DirectionEffect, EffectTable
from analysis.pages.signed_number import signed
from analysis.report_parts.blocks import Paragraph, Section, Span, code, listed, say, strong
from analysis.report_parts.confirmed import plus_minus
from analysis.report_parts.outlook import Outlook, mean_chance_level
from search.confirmation.verdict import sentences
from search.formatting import count, limits, number, one_line, score
from search.ledger.history import TrialRecord
from search.ranking.floor import floor_words
from search.study.design import DEFAULT_ARM
from search.study.sections import Objective

MOST_NAMED = 5


def answer(outlook: Outlook, effects: EffectTable) -> Section:
    """How many trials, what the best reach against chance and the default, what helps, what to believe."""
    paragraphs = [_counts(outlook)]
    if outlook.study.is_search and outlook.leaderboard.ranked:
        paragraphs += [_best(outlook), *_default(outlook)]
    paragraphs += [_directions(outlook, objective, effects) for objective in outlook.study.objectives]
    paragraphs += [_confirmed(outlook), *_panel(outlook)]
    return Section("answer", "The answer", tuple(paragraph for paragraph in paragraphs if paragraph.spans))


def _counts(outlook: Outlook) -> Paragraph:
    history, study = outlook.run.history, outlook.study
    total, running = len(history.trials), len(history.in_state("RUNNING"))
    full, pruned, failed = (len(history.in_state(state)) for state in ("COMPLETE", "PRUNED", "FAIL"))
    if total == 0:
        return say("No trial has been begun yet: there is nothing to tell.", kind="lead")
    told: list[str | Span] = [strong(f"{full} of {count(total, 'trial')}"), " were trained in full"]
    rest = [f"{pruned} stopped early"] if pruned else []
    rest += [f"{failed} failed"] if failed else []
    rest += [f"{running} not finished"] if running else []
    told.append("".join(f", {part}" for part in rest) + ". ")
    if not study.is_search:
        told.append(f"The {study.proposal.section} is {study.proposal.said()}. ")
    broken = len(outlook.leaderboard.infeasible)
    if outlook.study.constraints and full:
        names = [code(f"{c.metric} {limits(c)}") for c in outlook.study.constraints]
        who = f"{outlook.leaderboard.feasible_count} of {full} keep" if broken else "All keep"
        told += [
            f"{who} {'the constraint' if len(names) == 1 else 'every constraint:'} ",
            *listed(names),
            ".",
        ]
    if not full:
        told.append("Nothing can be ranked yet.")
    return say(*told, kind="lead")


def _best(outlook: Outlook) -> Paragraph:
    front, objectives = outlook.leaderboard.front, outlook.study.objectives
    if len(objectives) == 1:
        best = front[0]
        told = ["The best is trial ", outlook.link(best), ": ", *_scored(objectives[0].metric, best), "."]
        return say(*told, kind="lead")
    size = len(front)
    told = ["The Pareto front has ", strong(count(size, "trial")), ". "]
    if size == 1:
        told = ["One trial, ", outlook.link(front[0]), ", beats all others in every objective: "]
        return say(*told, *_joined([_scored(o.metric, front[0]) for o in objectives]), ".", kind="lead")
    for place, objective in enumerate(objectives):
        told += [" " if place else "", *_extreme(outlook, objective, place)]
    return say(*told, kind="lead")


def _extreme(outlook: Outlook, objective: Objective, place: int) -> list[str | Span]:
    """The trial of the front that is best in one objective, and what it pays in the others."""
    front = [trial for trial in outlook.leaderboard.front if trial.values is not None]
    pick = max if objective.mode == "max" else min
    best = pick(front, key=lambda t: (t.values or ())[place])
    others = [o for o in outlook.study.objectives if o is not objective]
    told: list[str | Span] = ["Best in ", code(objective.metric), " is trial ", outlook.link(best), " with "]
    told += _scored(objective.metric, best, named=False)
    paid = [
        part for o in others for part in (" and " if o is not others[0] else "", *_scored(o.metric, best))
    ]
    return [*told, ", at ", *paid, "."]


def _scored(metric: str, trial: TrialRecord, *, named: bool = True) -> list[str | Span]:
    value, chance = trial.metrics.get(metric), mean_chance_level(metric, [trial])
    told: list[str | Span] = [code(metric), " "] if named else []
    told.append(strong(score(value)))
    floor = floor_words(metric, trial.metrics)
    beside = floor if chance is None else f"chance {number(chance)}"
    return told if beside is None else [*told, f" ({beside})"]


def _joined(groups: Sequence[list[str | Span]]) -> list[str | Span]:
    return [part for place, group in enumerate(groups) for part in ((", " if place else ""), *group)]


def _default(outlook: Outlook) -> list[Paragraph]:
    """Where the default configuration stands; nothing if none was tried."""
    default = outlook.default
    if default is None:
        return []
    told: list[str | Span] = ["The default configuration, trial ", outlook.link(default)]
    if default.state != "COMPLETE":
        fate = {"PRUNED": "was stopped early", "FAIL": "failed", "RUNNING": "is not finished"}[default.state]
        return [say(*told, f", {fate}.")]
    told += [", has ", *_joined([_scored(o.metric, default) for o in outlook.study.objectives])]
    if any(t.number == default.number for t in outlook.leaderboard.front):
        return [say(*told, ": the search found nothing that beats it in every objective.")]
    if any(t.number == default.number for t in outlook.leaderboard.infeasible):
        broken = [c for c in outlook.study.constraints if c.metric in default.metrics]
        values = ", ".join(f"{c.metric} {score(default.metrics[c.metric])}" for c in broken)
        return [say(*told, f"; it breaks a constraint ({values}).")]
    beating = [t for t in outlook.leaderboard.front if _dominates(outlook, t, default)]
    if not beating:
        return [say(*told, ".")]
    noun = "trial" if len(beating) == 1 else "trials"
    links = listed([outlook.link(t) for t in beating[:MOST_NAMED]])
    more = f" and {len(beating) - MOST_NAMED} more" if len(beating) > MOST_NAMED else ""
    verb = "beats" if len(beating) == 1 else "beat"
    return [say(*told, f"; {noun} ", *links, more, f" {verb} it in every objective.")]


def _dominates(outlook: Outlook, a: TrialRecord, b: TrialRecord) -> bool:
    signs = [1 if o.mode == "max" else -1 for o in outlook.study.objectives]
    pairs = [(s * x, s * y) for s, x, y in zip(signs, a.values or (), b.values or (), strict=True)]
    return all(x >= y for x, y in pairs) and any(x > y for x, y in pairs)


def _directions(outlook: Outlook, objective: Objective, table: EffectTable) -> Paragraph:
    """Which directions help or hurt one objective clearly, that is, corrected for the number of comparisons;
    the strongest first."""
    own = table.of(objective.metric)
    if not outlook.study.is_search:
        own = tuple(effect for effect in own if effect.control == DEFAULT_ARM)
    if not own:
        return say()
    metric = code(objective.metric)
    few, unclear = (sum(e.verdict == verdict for e in own) for verdict in ("too few", "unclear"))
    if few == len(own):
        return say("What moves ", metric, " cannot be told yet: too few trials were trained in full.")
    if few + unclear == len(own):
        noun = _noun(own[0])
        rest = f"; {few} more had too few trials to tell" if few else ""
        return say(strong("No clear effect"), " on ", metric, f" of any of {count(unclear, noun)}{rest}.")
    groups = [
        _named(own, verdict, verb, metric) for verdict, verb in (("helps", "improve"), ("hurts", "worsen"))
    ]
    told: list[str | Span] = [part for group in groups if group for part in ("; ", *group)][1:]
    if not told:
        told = [
            strong("No clear effect"),
            " on ",
            metric,
            f" of any of {count(len(own) - few, _noun(own[0]))}",
        ]
    else:
        told.append(f". {sum(not e.survives_correction for e in own) - few} of {len(own)} compared have none")
    told.append(f", {few} had too few trials to tell." if few else ".")
    alone = len(own) - few - unclear - sum(effect.survives_correction for effect in own)
    if alone:
        told.append(f" {alone} more would look clear alone, but not among so many comparisons.")
    return say(*told)


def _named(effects: Sequence[DirectionEffect], verdict: str, verb: str, metric: Span) -> list[str | Span]:
    """`15 directions clearly improve m (a −0.48, b −0.41 and 13 more)` of those that stay so corrected."""
    found = sorted(
        (e for e in effects if e.verdict == verdict and e.survives_correction), key=lambda e: -abs(e.mean)
    )
    if not found:
        return []
    subject = f"{count(len(found), _noun(found[0]))} clearly {verb}{'s' if len(found) == 1 else ''}"
    more = len(found) - MOST_NAMED
    shown = listed([_named_effect(effect) for effect in found[:MOST_NAMED]], "" if more > 0 else "and")
    return [strong(subject), " ", metric, " (", *shown, f" and {more} more)" if more > 0 else ")"]


def _noun(effect: DirectionEffect) -> str:
    return "direction" if effect.method == "paired" else "setting"


def _named_effect(effect: DirectionEffect) -> str:
    own = "" if effect.method == "paired" else f" {one_line(effect.setting, 30)}"
    return f"{effect.direction}{own} {signed(effect.mean)}"


def _panel(outlook: Outlook) -> list[Paragraph]:
    """What the sceptic's panel means, and which guards were lost, of the first configuration confirmed."""
    found = outlook.run.confirmation
    winners = [] if found is None else [r for r in found.results if r.seeds and not r.subject.is_default]
    told = sentences(outlook.study, winners[:1])
    return [say(text, kind="warning" if text.startswith("Warning") else "note") for text in told]


def _confirmed(outlook: Outlook) -> Paragraph:
    """Confirmed numbers where there are any, else the warning that there are none."""
    found = outlook.run.confirmation
    results = [] if found is None else [r for r in found.results if r.seeds]
    if not results:
        if not outlook.complete:
            return say()
        if not outlook.study.is_search:
            return say(
                "All scores are of the validation split; of effects that are none, one in twenty looks clear "
                "by chance.",
                kind="note",
            )
        return say(
            strong("Search scores are optimistic"),
            ": the trials were selected by these numbers, on these images. Only a confirmation with fresh "
            "seeds on the test split gives numbers to quote: ",
            code(f"python search/confirm.py {outlook.run_as_typed}"),
            kind="warning",
        )
    told: list[str | Span] = [strong("Confirmed"), " on the test split with fresh seeds: "]
    for place, result in enumerate(results):
        trial = outlook.run.history.trials[result.subject.trial]
        estimates = result.estimates["pipeline"]
        told += [
            "; " if place else "",
            "the default " if result.subject.is_default else "trial ",
            outlook.link(trial),
        ]
        for objective in outlook.study.objectives:
            if objective.metric in estimates:
                told += [", ", code(objective.metric), " ", strong(plus_minus(estimates[objective.metric]))]
                beside = result.minus_default.get(objective.metric)
                told.append(
                    "" if beside is None else f" ({plus_minus(beside, is_difference=True)} on the default)"
                )
        told.append(f", n = {len(result.seeds)}")
    return say(*told, ".")

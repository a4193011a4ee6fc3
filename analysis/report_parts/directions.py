"""The table that matters: what each direction does to each objective, against its control, how surely."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.charts.interval import Verdict, common_scale, interval
from analysis.charts.scale import Numeric
from analysis.effects.effect import VERDICTS, DirectionEffect, EffectTable
from analysis.pages.signed_number import signed
from analysis.report_parts.blocks import (
    Block,
    Cell,
    Column,
    Folded,
    Items,
    Kind,
    Section,
    Span,
    Table,
    cell,
    code,
    say,
)
from analysis.report_parts.outlook import Outlook
from search.formatting import number, one_line
from search.study.design import DEFAULT_ARM
from search.study.sections import Objective
from search.study.study import Study

TITLE = "Does each direction help?"
KINDS: dict[str, Kind] = {"helps": "good", "hurts": "bad"}
LOOKS: dict[str, Verdict] = {"helps": "helps", "hurts": "hurts"}
METHODS = {"paired": "pairs", "matched": "matched trials", "model": "model"}


def directions(outlook: Outlook, table: EffectTable) -> Section:
    """One table an objective, clear help first; why there is none where there is none."""
    if not table.effects:
        reason = " ".join(table.method_note) or "Too few trials to tell."
        return Section("directions", TITLE, (say(reason),))
    is_search = outlook.study.is_search
    blocks: list[Block] = _method(table.method_note)
    for objective in outlook.study.objectives:
        own = table.of(objective.metric)
        first = [effect for effect in own if is_search or effect.control == DEFAULT_ARM]
        second = [effect for effect in own if effect not in first]
        blocks += _tables(objective, first, "" if is_search else ", against the default")
        if second:
            told = _table(objective, second, ", against controls")
            blocks.append(Folded(f"{objective.metric}: against a control instead of the default", (told,)))
    if not is_search:
        blocks.append(Folded("What the directions set", (_settings(outlook.study),)))
    return Section("directions", TITLE, tuple(blocks))


def _method(sentences: Sequence[str]) -> list[Block]:
    """The first sentence and the last, which tells how many effects may be chance; the rest on demand."""
    if len(sentences) < 3:
        return [say(" ".join(sentences))]
    between = Items(tuple(say(sentence) for sentence in sentences[1:-1]))
    return [say(f"{sentences[0]} {sentences[-1]}"), Folded("How this was estimated", (between,))]


def _tables(objective: Objective, effects: Sequence[DirectionEffect], beside: str) -> list[Block]:
    """What can be told; then, in a sentence, what too few trials had."""
    told = [effect for effect in effects if effect.verdict != "too few"]
    few = [effect for effect in effects if effect.verdict == "too few"]
    blocks: list[Block] = [_table(objective, told, beside)] if told else []
    if few:
        names = "; ".join(
            f"{effect.direction} {one_line(effect.setting, 40)}".strip()
            + f" ({effect.n_with} with, {effect.n_without} without)"
            for effect in few
        )
        what = say(f"Too few trials to tell of {objective.metric}: {names}.", kind="note")
        blocks.append(Folded(f"{objective.metric}: too few trials to tell of {len(few)}", (what,)))
    return blocks


def _settings(study: Study) -> Items:
    return Items(
        tuple(
            say(
                code(name),
                ": ",
                ", ".join(f"{path} {number(value)}" for path, value in changes.items()),
            )
            for name, changes in study.rows.items()
            if changes
        )
    )


def _table(objective: Objective, effects: Sequence[DirectionEffect], beside: str) -> Table:
    scale = common_scale([(e.mean, e.low, e.high) for e in effects])
    same_method = len({effect.method for effect in effects}) == 1
    paired = effects[0].method == "paired"
    # A search's rows name what they are compared with beside the setting.
    same_control = not paired or len({effect.control for effect in effects}) == 1
    columns = [
        Column("direction" if paired else "setting"),
        Column("against"),
        Column("effect", numeric=True),
        Column("on a common scale", picture=True),
        Column("verdict"),
        Column("95 % interval", numeric=True),
        Column(
            "pairs" if paired and same_method else "trials", "" if paired else "with / without", numeric=True
        ),
        Column("estimate from"),
    ]
    rows = [_row(effect, scale) for effect in sorted(effects, key=_order)]
    same_in_all = {"against": same_control, "estimate from": same_method}
    kept = [place for place, column in enumerate(columns) if not same_in_all.get(column.heading)]
    better = "more" if objective.mode == "max" else "less"
    return Table(
        f"Effect on {objective.metric} ({better} is better){beside}",
        tuple(columns[place] for place in kept),
        tuple(tuple(row[place] for place in kept) for row in rows),
        sortable=True,
    )


def _order(effect: DirectionEffect) -> tuple[int, float]:
    """Clear help first, then clear harm, then the rest; the largest effect first."""
    size = abs(effect.mean) if math.isfinite(effect.mean) else -1.0
    return {"helps": 0, "hurts": 1, "unclear": 2}.get(effect.verdict, 3), -size


def _row(effect: DirectionEffect, scale: Numeric) -> tuple[Cell, ...]:
    reach = f"{signed(effect.low)} to {signed(effect.high)}" if math.isfinite(effect.low) else "–"
    words = f"{effect.direction}: {signed(effect.mean)}, 95 % interval {reach}"
    look = LOOKS.get(effect.verdict, "unclear")
    if look != "unclear" and not _is_sure(effect):
        look = "helps weakly" if look == "helps" else "hurts weakly"
    picture = interval(effect.mean, effect.low, effect.high, scale, look, words)
    paired = effect.method == "paired"
    return (
        _name(effect),
        cell(one_line(effect.control, 40)),
        cell(signed(effect.mean), sort=_finite(effect.mean)),
        cell(picture=picture),
        _verdict(effect),
        cell(reach, sort=_finite(effect.low)),
        cell(str(effect.n_with) if paired else f"{effect.n_with} / {effect.n_without}", sort=effect.n_with),
        cell(METHODS[effect.method]),
    )


def _name(effect: DirectionEffect) -> Cell:
    """In a design the arm's name says it; what it sets is listed below the tables."""
    setting = f" {one_line(effect.setting, 60)} against {one_line(effect.control, 40)}"
    setting = "" if effect.method == "paired" else setting
    note = f"{setting} (a control)" if effect.is_control else setting
    return cell(code(effect.direction), Span(note, "dim"), sort=f"{effect.direction} {effect.setting}")


def _verdict(effect: DirectionEffect) -> Cell:
    """Clear by itself is one thing, clear among all the effects looked at another."""
    if effect.is_clear and not _is_sure(effect):
        return cell(Span(f"{VERDICTS['unclear']} after correction", "dim"), sort=VERDICTS["unclear"])
    word = VERDICTS[effect.verdict]
    return cell(Span(word, KINDS.get(effect.verdict, "dim")), sort=word)


def _is_sure(effect: DirectionEffect) -> bool:
    """Effects against controls are outside the family that is corrected for."""
    return effect.survives_correction or not math.isfinite(effect.q_value)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

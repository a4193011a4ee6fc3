"""A verdict as a page, as Markdown and as JSON, in `verdict/` of its run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from analysis.charts.chart import style_sheet
from analysis.concept_verdict.rule import MEANING
from analysis.concept_verdict.verdict import Verdict, as_json
from analysis.pages.page import render, write_page
from analysis.report_parts.as_markdown import as_markdown
from analysis.report_parts.blocks import Column, Items, Paragraph, Section, Table, cell, code, say, strong
from search.disk import write_bytes


def write_verdict(verdict: Verdict, name: str, out: Path, command: str, info: dict[str, Any]) -> list[Path]:
    """Write index.html, verdict.md and verdict.json into `out`; returns them. DiskError if it cannot be."""
    question, found = f"Is the concept set {Path(verdict.concepts).name} useful?", sections(verdict)
    html = render(
        "report.html",
        run_name=name,
        question=question,
        sections=found,
        command=command,
        info=info,
        more_style=style_sheet(),
        parts=("report",),
    )
    write_bytes(out / "verdict.md", as_markdown(name, question, found).encode())
    document = json.dumps(as_json(verdict), indent=2, ensure_ascii=False) + "\n"
    write_bytes(out / "verdict.json", document.encode())
    write_page(out / "index.html", html)
    return [out / "index.html", out / "verdict.md", out / "verdict.json"]


def sections(verdict: Verdict) -> list[Section]:
    """The word first, then what it rests on."""
    found = [Section("verdict", str(verdict.word), _answer(verdict))]
    gates = tuple(
        say(strong(f"{gate.name}: "), gate.sentence + (f". Decides: {gate.word}." if gate.word else "."))
        for gate in verdict.screened.gates
    )
    found.append(Section("gates", "The gates", (Items(gates),)))
    if verdict.screened.groups:
        found.append(Section("groups", "What each group adds", (_groups(verdict),)))
    if verdict.causal is not None:
        found.append(Section("arms", "The arms", (_comparisons(verdict), _arms(verdict))))
    if verdict.screened.drop:
        dropped = tuple(say(code(name), f": {why}") for name, why in verdict.screened.drop.items())
        found.append(Section("drop", "Concepts to drop", (Items(dropped),)))
    found.append(Section("rule", "The rule", (Items(tuple(map(say, verdict.rule.said()))),)))
    return found


def _answer(verdict: Verdict) -> tuple[Paragraph | Items, ...]:
    blocks: list[Paragraph | Items] = [Items(tuple(map(say, verdict.reasons)))]
    causal = verdict.causal
    if causal is not None:
        blocks.append(
            say(
                f"{verdict.replicates} seeds, look {verdict.look}, which may spend {causal.level:.3g}. A "
                f"difference of {verdict.rule.effect:g} pooled standard deviations is then found with "
                f"probability {causal.power:.2f}."
            )
        )
        if causal.seeds is not None:
            blocks.append(
                say(f"About {causal.seeds} seeds would decide it with power {verdict.rule.power:g}.")
            )
    return tuple(blocks)


def _groups(verdict: Verdict) -> Table:
    rows = tuple(
        (
            cell(g.group),
            cell(f"{g.value:+.4f}"),
            cell(f"{g.lower:+.4f} to {g.upper:+.4f}"),
            cell(str(len(g.concepts))),
        )
        for g in verdict.screened.groups
    )
    columns = (
        Column("group"),
        Column("adds", numeric=True),
        Column("95 %", numeric=True),
        Column("concepts", numeric=True),
    )
    return Table("G3: accuracy that each group adds to reading the class, its Shapley value", columns, rows)


def _comparisons(verdict: Verdict) -> Table:
    assert verdict.causal is not None
    rows = tuple(
        (
            cell(code(c.metric)),
            cell(c.against),
            cell(str(c.found.n)),
            cell(f"{c.found.mean:+.4f}"),
            cell(f"{c.lower:+.4f} to {c.upper:+.4f}"),
            cell(f"{c.found.effect:+.2f}"),
            cell(f"{c.p:.2g}"),
        )
        for c in verdict.causal.comparisons
    )
    columns = (
        Column("metric"),
        Column("real minus"),
        *(Column(name, numeric=True) for name in ("n", "difference", "bounds", "effect, SD", "p")),
    )
    return Table("G5: paired differences; each bound is wrong with the look's probability", columns, rows)


def _arms(verdict: Verdict) -> Table:
    metrics = list(next(iter(verdict.beside.values())))
    rows = tuple(
        (cell(arm), cell(MEANING[arm]), *(cell(f"{own[metric]:.4f}") for metric in metrics))
        for arm, own in verdict.beside.items()
    )
    columns = (Column("arm"), Column("supervised by"), *(Column(metric, numeric=True) for metric in metrics))
    return Table(f"Means over {verdict.replicates} seeds", columns, rows)

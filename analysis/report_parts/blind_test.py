"""What blind readers got right, as `analysis/quiz.py --answers` left it beside the run."""

from __future__ import annotations

import json
from collections.abc import Mapping

from analysis.load import Run
from analysis.report_parts.blocks import Block, Cell, Column, Section, Table, cell, say
from search.formatting import count

# Columns of the table, by the kinds of `analysis.blind_test.questions`, and their heads.
KINDS = {"fires": "where it fires", "intruder": "the intruder", "name": "by its name", "all": "all"}

Row = Mapping[str, float]


def blind_test(run: Run) -> Section | None:
    """A section where a quiz of this run was scored; None where not, or where its file is no such file."""
    try:
        told = json.loads((run.path / "quiz" / "scores.json").read_text(encoding="utf-8"))
        rows, metrics, readers = list(told["sources"]), list(told["metrics"]), int(told["readers"])
        by_source: dict[str, dict[str, Row]] = {}
        for row in rows:
            by_source.setdefault(str(row["source"]), {})[row["kind"]] = row
        lines = tuple(
            (cell(name), *(_score(columns.get(kind)) for kind in KINDS))
            for name, columns in by_source.items()
        )
        aucs = tuple((cell(str(row["metric"])), _auc(row)) for row in metrics)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    text = (
        f"{count(readers, 'reader')} answered questions about single latents without knowing whose they "
        "were. 0 is what guessing gets, 1 all right; in brackets the 95 % interval for so many questions."
    )
    heads = (Column("latents of"), *(Column(head, numeric=True) for head in KINDS.values()))
    blocks: list[Block] = [say(text), Table("Skill of blind readers", heads, lines)]
    if aucs:
        blocks += [
            say("How well each metric told the latents that readers got right: .5 not at all, 1 perfectly."),
            Table("Metrics beside readers", (Column("metric"), Column("AUC", numeric=True)), aucs),
        ]
    return Section("blind-test", "Blind readers", tuple(blocks))


def _score(row: Row | None) -> Cell:
    if row is None:
        return cell("–")
    skill, low, high = (float(row[name]) for name in ("skill", "low", "high"))
    shown = f"{skill:.2f} [{low:.2f}, {high:.2f}] of {int(row['questions'])}".replace("-", "−")
    return cell(shown, sort=skill)


def _auc(row: Row) -> Cell:
    auc, low, high = (float(row[name]) for name in ("auc", "low", "high"))
    return cell(f"{auc:.2f} [{low:.2f}, {high:.2f}]", sort=auc)

"""What `analysis/quiz.py --answers` prints, and leaves beside the key for the run's report."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from analysis.blind_test.key import Keyed, read_answers, read_key
from analysis.blind_test.scores import Prediction, Score, predictions, score, shares
from search.disk import write_bytes
from search.formatting import count

SCORES = "scores.json"
# In the order of the columns, with the words of their heads.
KINDS = {"fires": "where it fires", "intruder": "the intruder", "name": "by its name"}


def print_scores(folder: Path, files: Sequence[Path]) -> None:
    """Score the files against the key in `folder`; SpaceError if one is not of this quiz."""
    quiz, questions = read_key(folder)
    answers = [read_answers(path, quiz, questions) for path in files]
    told = shares(questions, answers)
    rows = table(questions, told)
    known = predictions(questions, told)
    document = {
        "quiz": quiz,
        "readers": len(answers),
        "sources": [
            {"source": name, "kind": kind, **asdict(found)}
            for name, columns in rows.items()
            for kind, found in columns.items()
            if found is not None
        ],
        "metrics": [asdict(it) for it in known if it.auc == it.auc],
    }
    write_bytes(folder / SCORES, (json.dumps(document, indent=1) + "\n").encode())
    sys.stdout.write(told_as_text(rows, known, len(answers)))


def table(questions: Sequence[Keyed], told: dict[str, tuple[int, int]]) -> dict[str, dict[str, Score | None]]:
    """Source -> kind of question, and "all" -> score; sources in the order of the key."""
    several = len({keyed.run for keyed in questions}) > 1
    groups: dict[str, list[Keyed]] = {}
    for keyed in questions:
        groups.setdefault(f"{keyed.source}, {keyed.run}" if several else keyed.source, []).append(keyed)
    return {
        name: {
            **{kind: score([keyed for keyed in own if keyed.kind == kind], told) for kind in KINDS},
            "all": score(own, told),
        }
        for name, own in groups.items()
    }


def told_as_text(rows: dict[str, dict[str, Score | None]], known: Sequence[Prediction], readers: int) -> str:
    """Both tables, with what their figures mean."""
    width = max([len("source"), *map(len, rows)])
    heads = [*KINDS.values(), "all"]
    lines = [f"{'source':{width}}  " + "  ".join(f"{head:>22}" for head in heads)]
    for name, columns in rows.items():
        cells = "  ".join(f"{_cell(found):>22}" for found in columns.values())
        lines.append(f"{name:{width}}  {cells}")
    lines.append(
        f"Skill of {count(readers, 'reader')}: 0 = guessing, 1 = all right; in brackets 95 % for so many "
        "questions.\n"
    )
    if known:
        lines.append("How well each metric told rightly answered latents from the others (.5 = not at all):")
        lines += [f"  {it.metric:10}  {_auc(it)}" for it in known]
    return "\n".join(lines) + "\n"


def _cell(found: Score | None) -> str:
    if found is None:
        return "-"
    return f"{found.skill:.2f} [{found.low:.2f}, {found.high:.2f}] of {found.questions}"


def _auc(it: Prediction) -> str:
    if it.auc != it.auc:
        return "- (all were right, or none)"
    return f"{it.auc:.2f} [{it.low:.2f}, {it.high:.2f}]"

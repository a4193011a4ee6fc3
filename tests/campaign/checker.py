"""What must hold of a run directory whatever happened to its driver, from a reader of its own.

Nothing of the product is imported: a reader that shares the product's mistake would not see it.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ENDS = {"COMPLETE", "PRUNED", "FAIL"}
STATUS_OF_CODE = {0: "done", 130: "interrupted", 143: "interrupted"}


@dataclass
class Facts:
    """A ledger's whole lines, by trial."""

    suggested: dict[int, Any] = field(default_factory=dict)
    results: dict[int, list[tuple[int, int, str]]] = field(default_factory=dict)
    ends: dict[int, tuple[str, str]] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)


def read_ledger(path: Path) -> Facts:
    """Every whole line; a torn last one was never acknowledged."""
    facts = Facts()
    content = path.read_bytes() if path.exists() else b""
    for number, line in enumerate(content[: content.rfind(b"\n") + 1].split(b"\n")[:-1], start=1):
        head, comma, rest = line.partition(b",")
        stated = head.removeprefix(b'{"crc":"').removesuffix(b'"')
        if not comma or stated != f"{zlib.crc32(b'{' + rest):08x}".encode():
            facts.violations.append(f"ledger line {number} is damaged")
            continue
        _take(facts, json.loads(line), number)
    return facts


def _take(facts: Facts, event: dict[str, Any], line: int) -> None:
    kind, trial = event["event"], event.get("trial")
    if kind == "session":
        return
    if kind == "suggest":
        if trial in facts.suggested:
            facts.violations.append(f"ledger line {line}: trial {trial} is suggested twice")
        facts.suggested[trial] = event["params"]
        return
    if trial not in facts.suggested:
        facts.violations.append(f"ledger line {line}: {kind} of trial {trial}, which nobody suggested")
        return
    if trial in facts.ends:
        facts.violations.append(f"ledger line {line}: {kind} of trial {trial} after its end")
    if kind == "end":
        facts.ends[trial] = (event["state"], json.dumps(event["values"]))
    if kind == "result":
        key = (event["epoch"], event["rung"] or 0, json.dumps(event["metrics"], sort_keys=True))
        seen = facts.results.setdefault(trial, [])
        if seen and key[:2] <= seen[-1][:2]:
            facts.violations.append(f"ledger line {line}: trial {trial} goes back to {key[:2]}")
        seen.append(key)


def nothing_lost(before: Facts, now: Facts) -> list[str]:
    """Violations between two looks at one ledger: what was on disk stays as it was."""
    found = list(now.violations)
    for trial, params in before.suggested.items():
        if now.suggested.get(trial) != params:
            found.append(f"trial {trial} was suggested with {params}, now {now.suggested.get(trial)}")
    for trial, end in before.ends.items():
        if now.ends.get(trial) != end:
            found.append(f"trial {trial} ended as {end}, now {now.ends.get(trial)}")
    for trial, results in before.results.items():
        if now.results.get(trial, [])[: len(results)] != results:
            found.append(f"acknowledged results of trial {trial} changed")
    return found


def whole(run: Path, target: int) -> list[str]:
    """Violations of a run that says it is done."""
    facts = read_ledger(run / "trials.jsonl")
    found = list(facts.violations)
    if sorted(facts.suggested) != list(range(target)):
        found.append(f"trials {sorted(facts.suggested)}, wanted 0 to {target - 1}")
    running = sorted(set(facts.suggested) - set(facts.ends))
    if running:
        found.append(f"trials {running} have no end")
    found += [f"trial {n} ended as {state}" for n, (state, _) in facts.ends.items() if state not in ENDS]
    with sqlite3.connect(f"file:{run / 'study.db'}?mode=ro", uri=True) as study:
        mirrored = dict(study.execute("select number, state from trials"))
    study.close()
    if {n: state for n, (state, _) in facts.ends.items()} != mirrored:
        found.append(f"study.db says {mirrored}, the ledger {facts.ends}")
    return found


def said(run: Path, code: int, stderr: str) -> list[str]:
    """Violations in what a driver left as its last words. code: of its process; below 0: a signal's kill."""
    found = []
    if "Traceback" in stderr:
        found.append(f"a traceback: {stderr[-2000:]}")
    if code < 0 or not (run / "run.json").exists():
        return found
    info = json.loads((run / "run.json").read_text())
    if code not in (0, 5, 130, 143):
        found.append(f"exit code {code}: {stderr[-2000:]}")
    elif (info["status"], info["exit_code"]) != (STATUS_OF_CODE.get(code, "failed"), code):
        found.append(f"exit code {code}, run.json says {info['status']} {info['exit_code']}")
    if code != 0 and "--resume" not in stderr:
        found.append(f"exit code {code} without the resume command")
    return found

"""The ablation's page: a row for each direction, and behind each row its trials, seeds and commands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from analysis.effects.paired import Arms, arm_metrics, level, metric, paired_difference
from search.formatting import count, number
from search.ledger.history import History, TrialRecord
from search.ledger.ledger import read_history
from search.run_dir.own_space import own_study
from search.run_dir.run_directory import open_existing
from search.study.design import DEFAULT_ARM, DIRECTION, REPLICATE, Arm, Design
from studies.mnist.rule import GUARDS, Finding, above_floor, findings

SECONDARY: dict[str, str] = {
    "readable": "latents/readable",
    "probe": "probe/accuracy",
    "accuracy": "classifier/accuracy",
    "FVU": "sae/fvu",
    "dead": "sae/dead_fraction",
}
"""Heading -> metric; told without a verdict, as differences to the default."""


@dataclass(frozen=True)
class Ablation:
    """A run of a design, read."""

    design: Design
    history: History
    arms: Arms
    findings: tuple[Finding, ...]

    @property
    def replicates_done(self) -> int:
        """Replicates in which the default and every direction were trained in full."""
        whole = [set(self.arms.get(arm.name, {})) for arm in self.design.arms]
        return len(set.intersection(*whole)) if whole else 0


def read_ablation(run: Path) -> Ablation:
    """Reads a run directory, or the part of one that is kept under `ledgers/`."""
    directory = open_existing(run)
    history = read_history(directory.ledger)
    design = own_study(directory, history).listed
    if not isinstance(design, Design):
        raise ValueError(f"{run} is a search, not a design: its space file has no `design`")
    arms = arm_metrics(history)
    names = [arm.name for arm in design.arms[1:]]
    return Ablation(design, history, arms, tuple(findings(arms, names)))


def page(ablation: Ablation, command: str) -> str:
    """The whole page in Markdown, ordered by what was found."""
    done = sum(len(replicates) for replicates in ablation.arms.values())
    told = sorted(ablation.findings, key=lambda f: -_or(f.difference.mean, -math.inf))
    lines = [
        "# The ablation: each direction alone",
        "",
        "![What each direction does to the number of supported latents](ablation.png)",
        "",
        f"{done} of {count(ablation.design.trials, 'trial')} trained in full; {ablation.replicates_done} of "
        f"{count(ablation.design.replicates, 'replicate')} are whole. Until all are, this page says how the "
        "study stands and not what it found. Rule, guards and correction are those of [the "
        "plan](../PLAN.md): the primary measure is the number of supported latents above "
        "the floor, the largest count that a "
        "never-trained dictionary reaches in the same network.",
        "",
        f"Made by `{command}` from the ledger in [`ledgers/ablation`](../ledgers/ablation).",
        "",
        *_table(ablation, told),
        "",
        "The first row is the default itself. In every other row the *effect* is the mean of its differences "
        "to the default in the same replicate, with the 95 % interval of Student's t; *p* is after Holm's "
        "correction over all directions; *could see* is the difference that the corrected test would have "
        f"found with probability 0.8. Guards: {'; '.join(map(str, GUARDS))}. The columns after the verdict "
        "are differences to the default too, and get no verdict.",
        "",
        "## The trials behind each row",
    ]
    for arm in ablation.design.arms:
        lines += ["", *_behind(ablation, arm)]
    return "\n".join(lines) + "\n"


def _table(ablation: Ablation, told: list[Finding]) -> list[str]:
    headings = ["direction", "n", "above floor", "effect", "p", "could see", "verdict", *SECONDARY]
    lines = [_row(*headings), "|" + " --- |" + " ---: |" * 5 + " --- |" + " ---: |" * len(SECONDARY)]
    own = level(ablation.arms, DEFAULT_ARM, above_floor)
    plain = [level(ablation.arms, DEFAULT_ARM, metric(name)) for name in SECONDARY.values()]
    cells = [f"[default](#{DEFAULT_ARM})", str(own.n), _number(own.mean, ".1f"), "", "", "", ""]
    lines.append(_row(*cells, *(_number(found.mean, ".3f") for found in plain)))
    return lines + [_finding_row(ablation, finding) for finding in told]


def _finding_row(ablation: Ablation, finding: Finding) -> str:
    arms, name, difference = ablation.arms, finding.direction, finding.difference
    low, high = difference.interval
    verdict = f"**{finding.verdict}**" if finding.verdict in ("helps", "harms") else finding.verdict
    if finding.broken:
        verdict += f" ({', '.join(guard.metric for guard in finding.broken)})"
    secondary = [paired_difference(arms, name, metric(path)) for path in SECONDARY.values()]
    return _row(
        f"[{name}](#{name})",
        str(difference.n),
        _number(level(arms, name, above_floor).mean, ".1f"),
        f"{_number(difference.mean, '+.1f')} [{_number(low, '+.1f')}, {_number(high, '+.1f')}]",
        _number(finding.holm, ".2g"),
        _number(finding.detectable, ".1f"),
        verdict,
        *(_number(found.mean, "+.3f") for found in secondary),
    )


def _behind(ablation: Ablation, arm: Arm) -> list[str]:
    trials = sorted(_trials(ablation.history, arm.name), key=lambda trial: trial.number)
    changes = ", ".join(f"`{path}: {number(value)}`" for path, value in arm.changes.items())
    lines = [f'<a id="{arm.name}"></a>', f"### {arm.name}", "", changes or "All as the default has it.", ""]
    if not trials:
        return [*lines, "No trial yet."]
    lines += [
        _row("trial", "replicate (seed)", "supported", "floor", "readable", "probe", "seconds", "state"),
        "|" + " ---: |" * 7 + " --- |",
    ]
    lines += [_trial_row(trial) for trial in trials]
    return [*lines, "", f"    python search/run.py --reproduce RUN {trials[0].number}"]


def _trials(history: History, name: str) -> list[TrialRecord]:
    return [trial for trial in history.trials.values() if trial.params.get(DIRECTION) == name]


def _trial_row(trial: TrialRecord) -> str:
    metrics = trial.rungs[max(trial.rungs)].metrics if trial.rungs else {}
    seconds = trial.ended - trial.started if trial.ended is not None else math.nan
    measured = (
        _number(metrics.get(name, math.nan), form)
        for name, form in (
            ("latents/supported", ".0f"),
            ("latents/supported_floor", ".0f"),
            ("latents/readable", ".1f"),
            ("probe/accuracy", ".4f"),
        )
    )
    return _row(
        str(trial.number),
        str(trial.params[REPLICATE]),
        *measured,
        _number(seconds, ".0f"),
        trial.state,
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)


def _or(value: float, otherwise: float) -> float:
    return otherwise if math.isnan(value) else value

"""The space file of a verdict: one default trial, supervised by the set, by each control, and not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from analysis.concept_verdict.rule import BESIDE, CONTROLS, FVU, REAL, Rule
from search.errors import SpaceError
from search.space.loader import LoadedSpace, load_study, load_text
from search.study.domains import Scalar
from search.study.study import Study, default_params

SMALL = {"classifier": {"hidden_size": 64, "epochs": 12}, "sae": {"width": 48, "k": 7, "epochs": 30}}


def verdict_space(
    concepts: str, space: Path | None, seeds: int, weight: float, rule: Rule, seed: int
) -> LoadedSpace:
    """A design of every arm in `seeds` replicates, each with halves of its own.

    space: whose images and default trial are taken; None for small trials on the embedded digits. Raises
    SpaceError, also where the trial is one that the set cannot supervise.
    """
    base = None if space is None else load_study(space).study
    return load_text(
        written(concepts, base, seeds, weight, rule, seed), "the verdict's space", (), Path.cwd()
    )


def written(concepts: str, base: Study | None, seeds: int, weight: float, rule: Rule, seed: int) -> str:
    """The text of the file."""
    if base is not None and base.listed is not None:
        raise SpaceError("--space needs a space that is searched: a design has no single default trial")
    trial: dict[str, Any] = {key: dict(own) for key, own in SMALL.items()}
    if base is not None:
        trial = _nested(base.values(default_params(base)))
    trial.pop("replicate", None)
    trial["auxiliary"] = {
        "concept_share": 1.0,
        **trial.get("auxiliary", {}),
        "concepts": 0.0,
        "concept_table": concepts,
        "concept_part": "half",
        "concept_split": 0,
        "concept_form": "bits",
        "concept_control": "none",
    }
    directions: dict[str, dict[str, Scalar]] = {REAL: {"auxiliary.concepts": weight}}
    for control in CONTROLS:
        directions[control] = {"auxiliary.concepts": weight, "auxiliary.concept_control": control}
    document: dict[str, Any] = {
        "name": "concepts",
        "question": f"Is the concept set {Path(concepts).name} useful?",
        "data": {"name": "digits"} if base is None else base.data.given(),
        "concepts": {"set": concepts, "only": [FVU, *BESIDE]},
        "objectives": [{"metric": metric, "mode": "max"} for metric in rule.primaries],
        "budget": {"seed": seed},
        "scheduler": {"name": "none"},
        "trial": trial,
        "design": {
            "replicates": seeds,
            "following": ["auxiliary.concept_split"],
            "one_at_a_time": directions,
        },
    }
    if base is not None:
        document["budget"] |= {"trial_timeout_s": base.budget.trial_timeout_s}
        document["resources"] = base.resources.model_dump()
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def _nested(values: Mapping[str, Scalar]) -> dict[str, Any]:
    trial: dict[str, Any] = {}
    for path, value in values.items():
        section, _, key = path.partition(".")
        if key:
            trial.setdefault(section, {})[key] = value
        else:
            trial[section] = value
    return trial

"""What other tools call it, and how it is written here: Optuna, W&B sweeps, Hydra, Ax, NNI and Ray."""

from __future__ import annotations

import re
from collections.abc import Mapping

from search.space.nodes import Items, Leaf, Node, Table, show
from search.space.trial_fields import Slot, slots

# Outside `trial`: their key -> where ours stands.
_SETTINGS = {
    "n_trials": "budget.trials",
    "num_trials": "budget.trials",
    "max_trials": "budget.trials",
    "num_samples": "budget.trials",
    "run_cap": "budget.trials",
    "timeout": "budget.trial_timeout_s",
    "random_state": "budget.seed",
    "seed": "budget.seed",
    "study_name": "name",
    "title": "name",
    "description": "question",
    "method": "sampler.name",
    "search_alg": "sampler.name",
    "algorithm": "sampler.name",
    "pruner": "scheduler.name",
    "early_terminate": "scheduler.name",
    "n_startup_trials": "sampler.startup_trials",
    "eta": "scheduler.reduction_factor",
    "parameters": "trial",
    "params": "trial",
    "param_space": "trial",
    "search_space": "trial",
    "space": "trial",
    "metrics": "objectives",
    "objective": "objectives",
    "metric": "objectives[].metric",
    "direction": "objectives[].mode",
    "directions": "objectives[].mode",
    "goal": "objectives[].mode",
    "optimize": "objectives[].mode",
    "dataset": "data.name",
}
_OBJECTIVE = {
    "direction": "mode",
    "goal": "mode",
    "optimize": "mode",
    "name": "metric",
    "objective": "metric",
}
_MODES = {"maximize": "max", "maximise": "max", "minimize": "min", "minimise": "min"}

_LISTS = {
    "values",
    "options",
    "categories",
    "choices",
    "grid",
    "grid_search",
    "categorical",
    "enum",
    "one_of",
}
_CONSTANTS = {"value", "const", "constant"}
_LOWS = ("min", "low", "lower", "lower_bound", "start")
_HIGHS = ("max", "high", "upper", "upper_bound", "stop", "end")
_PAIRS = {"bounds", "range", "interval"}
_SIDE_WORDS = {"distribution", "type", "dist", "log", "log_scale", "step", "q", "base", "parametrization"}
_DISTRIBUTION = re.compile(r"q?_?(log|int|inv)?_?(uniform|int|randint|normal|rand|float|range)(_values)?\Z")
_CALL = re.compile(r"\s*(?:tag\(\s*(log)\s*,\s*)?([a-z_.]+)\(([^()]*)\)\)?\s*\Z")


def setting_hint(key: str, value: Node | None = None) -> str | None:
    """What follows "unknown key" for a key at the top of a file, or None where no tool is known to say so.

    >>> setting_hint("n_trials")
    '; here it is budget.trials'
    >>> setting_hint("sae")
    '; it stands below trial: trial.sae'
    """
    home = _SETTINGS.get(key.lower())
    if home is not None:
        mode = _MODES.get(str(value.value).lower()) if isinstance(value, Leaf) else None
        return f"; here it is {home}" + (f", {mode}" if mode and home.endswith("mode") else "")
    if any(slot.section == key for slot in slots().values()):
        return f"; it stands below trial: trial.{key}"
    homes = [path for path, slot in slots().items() if slot.name == key and not slot.is_kind]
    return f"; it stands below trial: {' or '.join(f'trial.{path}' for path in homes)}" if homes else None


def objective_hint(key: str, value: Node) -> str | None:
    """The same for a key of an objective: `direction: maximize` is `mode: max` here."""
    ours = _OBJECTIVE.get(key.lower())
    if ours is None:
        return None
    said = value.value if isinstance(value, Leaf) else None
    meant = _MODES.get(str(said).lower(), said) if isinstance(said, str) else None
    return f"; write {ours}: {meant}" if meant else f"; here it is {ours}"


def domain_words(slot: Slot, node: Table) -> tuple[list[str], str] | None:
    """A value's keys that are another tool's, and the same value as it is written here; None if none are."""
    theirs = [key for key in node.entries if _is_theirs(key)]
    if not theirs:
        return None
    found = {key.lower().lstrip("_"): value for key, value in node.entries.items()}
    ours = _translated(slot, found)
    return (theirs, ours) if ours else None


def call_hint(slot: Slot, text: object) -> str | None:
    """The domain that a text such as Hydra's `interval(0.1, 1)` or Ray's `tune.choice([1, 2])` means."""
    match = _CALL.match(text) if isinstance(text, str) else None
    if match is None:
        return None
    log, name, inside = match.groups()
    members = [part.strip() for part in inside.strip("[]").split(",") if part.strip()]
    name = name.rpartition(".")[2]
    if name in {*_LISTS, "choice"}:
        return f"{{choice: [{', '.join(members)}]}}"
    is_range = name in _PAIRS or _DISTRIBUTION.match(name)
    return _range(slot, name, members[:2], log is not None) if is_range and len(members) >= 2 else None


def _is_theirs(key: str) -> bool:
    name = key.lower()
    known = _LISTS | _CONSTANTS | _PAIRS | _SIDE_WORDS | {*_LOWS, *_HIGHS, "_type", "_value"}
    ours = {"choice", "uniform", "log_uniform", "int", "log_int"}
    return name in known or (name not in ours and _DISTRIBUTION.match(name) is not None)


def _translated(slot: Slot, found: Mapping[str, Node]) -> str | None:
    kind = " ".join(show(found[word]) for word in ("distribution", "type", "dist") if word in found)
    listed = next((found[key] for key in found if key in _LISTS), None)
    if listed is None and "choice" in kind:
        listed = found.get("value")
    if isinstance(listed, Items):
        return f"{{choice: {show(listed)}}}"
    log = "log" in kind or any(_is_true(found.get(key)) for key in ("log", "log_scale"))
    for key, value in found.items():
        is_range = key in _PAIRS or key == "value" or _DISTRIBUTION.match(key)
        if is_range and isinstance(value, Items) and len(value.items) >= 2:
            return _range(slot, key, [show(item) for item in value.items[:2]], log)
    low = next((found[key] for key in _LOWS if key in found), None)
    high = next((found[key] for key in _HIGHS if key in found), None)
    if low is not None and high is not None:
        return _range(slot, kind, [show(low), show(high)], log)
    constant = next((found[key] for key in found if key in _CONSTANTS), None)
    return show(constant) if isinstance(constant, Leaf) else None


def _is_true(node: Node | None) -> bool:
    return isinstance(node, Leaf) and node.value is True


def _range(slot: Slot, name: str, ends: list[str], log: bool) -> str | None:
    """The range that suits the slot: what a tool calls uniform over whole numbers is `int` here."""
    if slot.base_type not in ("int", "float"):
        return None
    domain = "int" if slot.base_type == "int" else "uniform"
    return f"{{{'log_' if log or 'log' in name else ''}{domain}: [{', '.join(ends)}]}}"

"""A Study -> the text of a space file that loads to an equal Study, every default written out."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from search.study.domains import Choice, Condition, FloatRange, Parameter, Scalar
from search.study.sections import Concepts
from search.study.study import Study
from trainables.config import TrialConfig

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*\Z", re.ASCII)
# Also the words that YAML 1.1 reads as booleans, for other programs' sake.
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
# What JSON leaves as it is but YAML does not take in a file.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


_HEAD = "# Resolved: overrides applied, every default written out. A resumed run reads this file.\n"
_SEAL = "# sha256 of the lines below: "


def resolved_text(study: Study) -> str:
    """`to_yaml` for a run directory: sealed, so that an edit is noticed."""
    body = to_yaml(study)
    return f"{_HEAD}{_SEAL}{hashlib.sha256(body.encode()).hexdigest()}\n{body}"


def seal_of(text: str) -> str | None:
    """The digest that a resolved text carries; None if it has none, ValueError if the text has another."""
    _, found, rest = text.partition(_SEAL)
    if not found:
        return None
    seal, _, body = rest.partition("\n")
    if hashlib.sha256(body.encode()).hexdigest() != seal:
        raise ValueError("edited since it was written")
    return seal


def to_yaml(study: Study) -> str:
    """The whole file; block style for sections, flow style for everything below."""
    lines: list[str] = []
    for key, value in _settings(study).items():
        if isinstance(value, dict):
            lines.append(f"{key}:")
            lines += [f"  {name}: {_flow(inner)}" for name, inner in value.items()]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            lines.append(f"{key}:")
            lines += [f"  - {_flow(item)}" for item in value]
        else:
            lines.append(f"{key}: {_flow(value)}")
    lines.append("trial:")
    section = ""
    for path, value in _trial_values(study).items():
        own, _, name = path.rpartition(".")
        if own and own != section:
            lines.append(f"  {own}:")
        lines.append(f"{'    ' if own else '  '}{name}: {_flow(value)}")
        section = own
    return "\n".join(lines) + "\n"


def flat_settings(study: Study) -> dict[str, str]:
    """Dotted key of the file -> its value as text: what two studies are compared by."""
    flat: dict[str, str] = {}
    for key, value in _settings(study).items():
        if isinstance(value, dict):
            flat.update({f"{key}.{name}": _flow(inner) for name, inner in value.items()})
        else:
            flat[key] = _flow(value)
    flat.update({f"trial.{path}": _flow(value) for path, value in _trial_values(study).items()})
    return flat


def domain_text(parameter: Parameter) -> str:
    """`{log_int: [2, 32], or: 0}`: a parameter's domain as the file writes it, without `when` and default."""
    written = _written(parameter)
    return _flow({key: value for key, value in written.items() if key not in ("when", "default")})


def _settings(study: Study) -> dict[str, object]:
    """Everything but the trial, shaped as in the file; settings that are None are left out."""
    return {
        "name": study.name,
        "question": study.question,
        "data": study.data.given(),
        **({"metrics": list(study.metrics)} if study.metrics else {}),
        "objectives": [vars(objective) for objective in study.objectives],
        "constraints": [_given(vars(constraint)) for constraint in study.constraints],
        "budget": vars(study.budget),
        "scheduler": vars(study.scheduler),
        study.proposal.section: study.proposal.written(),
        "resources": vars(study.resources),
        "confirm": vars(study.confirm),
        **({"report": {"sections": list(study.report)}} if study.report else {}),
        **({"concepts": _concepts(study.concepts)} if study.concepts.set else {}),
    }


def _concepts(section: Concepts) -> dict[str, object]:
    return {"set": section.set, **({"only": list(section.only)} if section.only else {})}


def _given(values: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}


def _trial_values(study: Study) -> dict[str, object]:
    """Path -> constant or domain, section by section in the order of the trial's model."""
    values: dict[str, object] = dict(study.constants)
    if study.is_search:
        values.update({parameter.path: _written(parameter) for parameter in study.parameters})
    sections = list(TrialConfig.model_fields)
    return dict(sorted(values.items(), key=lambda pair: sections.index(pair[0].partition(".")[0])))


def _written(parameter: Parameter) -> dict[str, object]:
    domain = parameter.domain
    if isinstance(domain, Choice):
        written: dict[str, object] = {"choice": list(domain.options)}
    else:
        name = "uniform" if isinstance(domain, FloatRange) else "int"
        log = {"uniform": "log_uniform", "int": "log_int"}
        written = {log[name] if domain.log else name: [domain.low, domain.high]}
    if parameter.conditions:
        written["when"] = {condition.path: _allowed(condition) for condition in parameter.conditions}
    if parameter.has_switch:
        written["or"] = parameter.or_value
    written["default"] = parameter.default
    if parameter.prior is not None:
        written |= {"prior": parameter.prior.value, "confidence": parameter.prior.confidence}
    return written


def _allowed(condition: Condition) -> Scalar | list[Scalar]:
    return condition.allowed[0] if len(condition.allowed) == 1 else list(condition.allowed)


def _flow(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_atom(key)}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _atom(value)


def _atom(value: object) -> str:
    """A scalar that both YAML 1.2 and 1.1 read as this value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        text = repr(value)
        mantissa, exponent, power = text.partition("e")
        return f"{mantissa if '.' in mantissa or not exponent else mantissa + '.0'}{exponent}{power}"
    if isinstance(value, str):
        if _PLAIN.match(value) and value.lower() not in _WORDS:
            return value
        quoted = json.dumps(value, ensure_ascii=False)
        return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)
    return str(value)


# What a resumed run may change: how much and where, never what is searched. Images are known by their digest.
_FREE_ON_RESUME = (
    *("budget.trials", "budget.max_failures", "budget.trial_timeout_s", "resources.", "confirm.", "report."),
    *("budget.hours", "budget.processor_hours", "budget.plateau_", "sampler.history"),
    *("data.root", "data.path"),
)


def describe_difference(old: Study, new: Study) -> list[str]:
    """`key: old -> new` for all that a resumed run may not change; empty if it may go on."""
    before, after = flat_settings(old), flat_settings(new)
    keys = list(dict.fromkeys((*before, *after)))
    return [
        f"{key}: {before.get(key, 'absent')} -> {after.get(key, 'absent')}"
        for key in keys
        if before.get(key) != after.get(key) and not key.startswith(_FREE_ON_RESUME)
    ]

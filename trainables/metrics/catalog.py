"""Every metric that is registered, without importing torch.

The space check looks objectives and constraints up here; leaderboards take directions from here; what the
rungs compute follows from here. To add a metric here: one file beside those of ENTRIES and its line there. To
add one elsewhere: an entry point of the group `sae_search.metrics` that names a `Metric`, or `register`.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import entry_points

from trainables.errors import MemberError
from trainables.foreign import import_object
from trainables.metrics.metric import NULL, SKILL, Column, Metric, Need, Role, When
from trainables.metrics.score import DEFAULT_SCORE_PARTS, SCORE_PARTS

__all__ = ["DEFAULT_SCORE_PARTS", "METRICS", "SCORE_PARTS"]

# Modules of `trainables.metrics.entries`; each has METRICS, a tuple of `Metric`.
ENTRIES = (
    "readable",
    "supported",
    "classifier",
    "probe",
    "sae_statistics",
    "splice",
    "purity",
    "junk",
    "background_sensitivity",
    "stability",
    "score",
    "selectivity_statistics",
    "gini",
    "svm_probe",
    "sparse_probe",
    "full_probe",
    "redundancy",
    "clusters",
    "faithfulness",
    "randomisation",
    "colour_gap",
    "inversion",
)

GROUP = "sae_search.metrics"

METRICS: dict[str, Column] = {}
"""Every number a trial can be measured by, the few that matter first, those of poor signal last."""

_registered: dict[str, Metric] = {}


def register(*metrics: Metric) -> None:
    """Make metrics known to space files, rungs and tables.

    Registering the same object twice changes nothing. Raises ValueError for a number that another metric
    reports already.
    """
    for metric in metrics:
        if _registered.get(metric.name) is metric:
            continue
        for name in metric.columns():
            if name in METRICS:
                other = METRICS[name].metric.name
                raise ValueError(f"the metric {metric.name} reports {name}, which {other} reports already")
        _registered[metric.name] = metric
        METRICS.update(metric.columns())
    order = ("key", "plain", "experimental")

    def place(column: Column) -> tuple[int, bool]:
        return order.index(column.metric.standing), column.role != "value"

    ordered = sorted(METRICS.items(), key=lambda item: place(item[1]))
    METRICS.clear()
    METRICS.update(ordered)


def registered() -> tuple[Metric, ...]:
    """All metrics in the order of registration."""
    return tuple(_registered.values())


def measured_at(*times: When, given: Iterable[Need] = ("labels", "images", "network")) -> tuple[Metric, ...]:
    """The metrics that exist first at one of `times` and need no more than what is given."""
    there = frozenset(given)
    return tuple(metric for metric in registered() if metric.when in times and there.issuperset(metric.needs))


def role(name: str) -> Role:
    """What a reported number is; one that is not registered here, as of a newer version, by its suffix."""
    if name in METRICS:
        return METRICS[name].role
    return "null" if name.endswith(NULL) else "skill" if name.endswith(SKILL) else "value"


def is_companion(name: str) -> bool:
    """Whether a number is another one's chance level or skill, to be shown beside it."""
    return role(name) in ("null", "skill")


def null_of(name: str) -> str | None:
    """Under what name the chance level of a metric is reported; None if it has none."""
    return name + NULL if name + NULL in METRICS else None


def skill_of(name: str) -> str | None:
    """Under what name the skill of a metric is reported; None if it has none."""
    return name + SKILL if name + SKILL in METRICS else None


def register_installed() -> None:
    """Register what installed packages name. Raises MemberError for what cannot be had or is no `Metric`."""
    for point in entry_points(group=GROUP):
        found = import_object(point.value)
        if not isinstance(found, Metric):
            raise MemberError(
                f"{point.value}, entry point {point.name} of {GROUP}: a {type(found).__name__}; must be a "
                "trainables.metrics.metric.Metric"
            )
        register(found)


register(
    *(metric for name in ENTRIES for metric in import_module(f"trainables.metrics.entries.{name}").METRICS)
)
register_installed()

"""Every metric that is registered, without importing torch.

The space check looks objectives and constraints up here; leaderboards take directions from here; what the
rungs compute follows from here. To add a metric here: one file beside those of ENTRIES, and its line. One
from elsewhere is a `Metric` or a plain function at an import path, or an entry point of the group
`sae_search.metrics` that bears the metric's name; it is imported and measured where a space file names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from inspect import getdoc, isfunction

from trainables.errors import MemberError
from trainables.foreign import import_object, is_import_path
from trainables.metrics.metric import NULL, SKILL, Column, Metric, Need, Role, When
from trainables.registry import Registry

# Modules of `trainables.metrics.entries`; each has METRICS, a tuple of `Metric`.
ENTRIES = (
    "readable",
    "supported",
    "unseen",
    "classifier",
    "probe",
    "sae_statistics",
    "splice",
    "purity",
    "junk",
    "background_sensitivity",
    "stability",
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
    "concepts",
)

RETIRED = frozenset(
    f"interpretability/{name}" for name in ("score", "junk", "purity", "alive", "splice", "probe")
)
"""Measured by older versions: their runs tell them, no new space asks for them."""

_ORDER = ("key", "plain", "experimental")


class MetricRegistry(Registry):
    """Name of a number that is reported -> its column, the few that matter first, those of poor signal last.

    As a mapping it has our numbers, those of metrics from elsewhere that were asked for, and the names of
    what installed packages have. `METRICS["package.module:NAME"]` is the column of that metric's value.
    """

    def __init__(self, metrics: Iterable[Metric]) -> None:
        super().__init__("metric", "metrics", {})
        self._columns: dict[str, Column] = {}
        self._paths: dict[str, str] = {}
        for metric in metrics:
            self._add(metric)
        self.built_in = dict.fromkeys(self._columns, "trainables.metrics.entries")

    def __getitem__(self, name: str) -> Column:
        if name in self._columns:
            return self._columns[name]
        path = self._path_outside(name)
        found = import_object(path)
        metric = _as_metric(found) if isfunction(found) else found
        wrong = _fault_in(metric, None if is_import_path(name) else name)
        if wrong is not None:
            raise MemberError(f"{path} {wrong}")
        known = self._columns.get(metric.name)
        if known is not None and known.metric is not metric and self._paths.get(metric.name) == path:
            for column in metric.columns():  # a notebook imported the module anew
                self._columns.pop(column, None)
            known = None
        if known is None or known.metric is not metric:
            try:
                self._add(metric)
            except ValueError as error:
                raise MemberError(f"{path}: {error}") from None
            self._paths[metric.name] = path
        return self._columns[metric.name]

    def can_be_found(self, name: str) -> bool:
        """Whether a process that knows our metrics alone finds it by this name."""
        return is_import_path(name) or name in self.built_in or name in self._installed()

    def __contains__(self, name: object) -> bool:
        return name in self._columns or name in self._installed()

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._columns, *self._installed())))

    def _add(self, metric: Metric) -> None:
        """ValueError for a number that another metric reports already."""
        for name in metric.columns():
            if name in self._columns:
                other = self._columns[name].metric.name
                raise ValueError(f"the metric {metric.name} reports {name}, which {other} reports already")
        self._columns |= metric.columns()

        def place(column: Column) -> tuple[int, bool]:
            return _ORDER.index(column.metric.standing), column.role != "value"

        self._columns = dict(sorted(self._columns.items(), key=lambda item: place(item[1])))


@cache
def _as_metric(function: Callable[..., float]) -> Metric:
    """A plain function of a user's as a metric: `own/<its name>`, measured at every rung."""
    description = (getdoc(function) or function.__name__).splitlines()[0]
    return Metric(f"own/{function.__name__}", description, None, function)


def _fault_in(found: object, name: str | None) -> str | None:
    """What is wrong with a metric from elsewhere, which a package has as `name`; None if nothing is."""
    if not isinstance(found, Metric):
        return f"is a {type(found).__name__}; must be a trainables.metrics.metric.Metric or a function"
    if name is not None and found.name != name:
        return f"is called {found.name}; the entry point must have that name too, not {name}"
    if found.when == "epoch":
        return "is measured after every epoch, which only the classifier's own are; take when='rung'"
    if "twin" in found.needs and found.when != "confirm":
        return "needs a twin, which only a confirmation trains; take when='confirm'"
    return None


OURS: tuple[Metric, ...] = tuple(
    metric for name in ENTRIES for metric in import_module(f"trainables.metrics.entries.{name}").METRICS
)
METRICS = MetricRegistry(OURS)


def registered() -> tuple[Metric, ...]:
    """Our metrics and all of installed packages."""
    return tuple(dict.fromkeys(column.metric for column in METRICS.values()))


def measured_at(
    *times: When,
    given: Iterable[Need] = ("labels", "images", "network"),
    besides: Iterable[str] = (),
) -> tuple[Metric, ...]:
    """Our metrics that exist first at one of `times` and need no more than what is given; `besides` names
    those from elsewhere that are measured too, by import paths or names. Raises MemberError."""
    there, known = frozenset(given), (*OURS, *(METRICS[name].metric for name in besides))
    return tuple(
        metric for metric in dict.fromkeys(known) if metric.when in times and there.issuperset(metric.needs)
    )


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

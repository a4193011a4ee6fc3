"""Studies and histories like a real search's, built by folding events as the driver does."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from search.ledger.events import Event, parse
from search.ledger.history import History
from search.study.domains import Choice, Condition, FloatRange, IntRange, Parameter, Scalar
from search.study.sections import (
    Budget,
    Constraint,
    DataSource,
    Objective,
    Resources,
    Sampler,
    Scheduler,
)
from search.study.study import Study

STARTED = 1_780_000_000.0

PARAMETERS = (
    Parameter("classifier.hidden_size", Choice((32, 64, 128)), default=128),
    Parameter("basis.kind", Choice(("raw", "pca")), default="raw"),
    Parameter(
        "basis.components", IntRange(8, 32, log=True), (Condition("basis.kind", ("pca",)),), default=16
    ),
    Parameter("sae.kind", Choice(("relu", "topk")), default="topk"),
    Parameter("sae.width", IntRange(64, 512, log=True), default=256),
    Parameter("sae.l1", FloatRange(0.01, 10.0, log=True), (Condition("sae.kind", ("relu",)),), default=0.3),
    Parameter("sae.k", IntRange(2, 32, log=True), (Condition("sae.kind", ("topk",)),), default=8),
    Parameter(
        "auxiliary.junk_penalty",
        FloatRange(1e-3, 10.0, log=True),
        has_switch=True,
        or_value=0.0,
        default=0.01,
    ),
)


def make_study(*, trials: int = 12, objectives: int = 2, rungs: int = 3, constrained: bool = True) -> Study:
    """Accuracy up, junk down, few dead latents, over conditional and switched parameters."""
    wished = (
        Objective(metric="probe/accuracy", mode="max"),
        Objective(metric="attribution/junk", mode="min"),
    )
    return Study(
        name="sae",
        question="Which basis, width and auxiliary losses give sparse codes that a person can read?",
        data=DataSource(),
        objectives=wished[:objectives],
        constraints=(Constraint(metric="sae/dead_fraction", max=0.1),) if constrained else (),
        budget=Budget(trials=trials),
        scheduler=Scheduler(rungs=rungs),
        sampler=Sampler(),
        resources=Resources(),
        parameters=PARAMETERS,
        constants={"classifier.kind": "mlp", "classifier.epochs": 18},
    )


def make_params(
    *, basis: str = "raw", sae: str = "topk", width: int = 256, junk_penalty: float | None = None
) -> dict[str, Scalar]:
    """A draw with only the parameters that are active in it."""
    params: dict[str, Scalar] = {
        "classifier.hidden_size": 64,
        "basis.kind": basis,
        "sae.kind": sae,
        "sae.width": width,
    }
    if basis == "pca":
        params["basis.components"] = 16
    params |= {"sae.l1": 0.31} if sae == "relu" else {"sae.k": 8}
    params["auxiliary.junk_penalty?"] = junk_penalty is not None
    if junk_penalty is not None:
        params["auxiliary.junk_penalty"] = junk_penalty
    return params


@dataclass
class Run:
    """Writes a history event by event, with a clock of its own; `events` is what the ledger would hold."""

    study: Study
    target: int | None = None
    now: float = STARTED
    history: History = field(default_factory=History)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        target = self.study.budget.trials if self.target is None else self.target
        self.tell(event="session", command=["search"], host="here", pid=1, target=target)

    def tell(self, **event: Any) -> Event:
        """Fold one event in, a second after the last."""
        self.now += 1.0
        told = parse({**event, "time": self.now})
        self.events.append(told)
        self.history.apply(told)
        return told

    def suggest(self, trial: int, params: Mapping[str, Scalar] | None = None) -> Event:
        origin = "default" if trial == 0 else "sampler"
        return self.tell(event="suggest", trial=trial, params=dict(params or make_params()), origin=origin)

    def result(self, trial: int, epoch: int, rung: int | None, **metrics: float) -> Event:
        """`sae__fvu=0.3` is the metric sae/fvu."""
        named = {name.replace("__", "/"): value for name, value in metrics.items()}
        return self.tell(event="result", trial=trial, epoch=epoch, rung=rung, metrics=named, checkpoint=None)

    def rung(self, trial: int, rung: int, accuracy: float, junk: float, dead: float = 0.02) -> Event:
        """An honest rung's result: objectives, their chance levels, the constraint's metric."""
        named = {
            "classifier/accuracy": min(1.0, accuracy + 0.02),
            "probe/accuracy": accuracy,
            "attribution/junk": junk,
            "attribution/junk_null": 1.0,
            "sae/dead_fraction": dead,
        }
        return self.tell(
            event="result", trial=trial, epoch=2 * 3 ** (rung - 1), rung=rung, metrics=named, checkpoint=None
        )

    def end(self, trial: int, state: str, reason: str | None = None) -> Event:
        values = None
        if state == "COMPLETE":
            metrics = self.history.trials[trial].metrics
            values = [metrics[objective.metric] for objective in self.study.objectives]
        return self.tell(event="end", trial=trial, state=state, reason=reason, values=values)

    def complete(self, trial: int, accuracy: float, junk: float, dead: float = 0.02, **params: Any) -> None:
        """A trial trained in full, a little worse at its lower rungs."""
        self.suggest(trial, make_params(**params))
        for rung in range(1, self.study.scheduler.rungs + 1):
            short = self.study.scheduler.rungs - rung
            self.rung(trial, rung, accuracy - 0.05 * short, junk + 0.05 * short, dead)
        self.end(trial, "COMPLETE")

    def prune(self, trial: int, accuracy: float, junk: float, *, at: int = 1, **params: Any) -> None:
        """A trial stopped at rung `at`."""
        self.suggest(trial, make_params(**params))
        for rung in range(1, at + 1):
            self.rung(trial, rung, accuracy, junk)
            self.tell(event="decision", trial=trial, rung=rung, action="stop" if rung == at else "continue")
        self.end(trial, "PRUNED")

    def fail(self, trial: int, reason: str) -> None:
        self.suggest(trial)
        self.end(trial, "FAIL", reason)


def typical_run() -> Run:
    """Every fate: a front of two, a dominated, an infeasible, pruned, failed and a running trial."""
    run = Run(make_study(trials=12))
    run.complete(0, 0.90, 0.95)
    run.complete(1, 0.95, 0.80, basis="pca", junk_penalty=0.5)
    run.complete(2, 0.93, 0.60, sae="relu", width=128)
    run.complete(3, 0.99, 0.10, dead=0.7)
    run.prune(4, 0.55, 0.99)
    run.prune(5, 0.60, 0.97, at=2, basis="pca")
    run.fail(6, "non-finite metric: sae/fvu")
    run.fail(7, "non-finite metric: sae/fvu")
    run.fail(8, "timeout after 600 s")
    run.suggest(9, make_params(basis="pca", width=500))
    run.result(9, 1, None, classifier__accuracy=0.71, classifier__ce=0.9)
    run.rung(9, 1, 0.85, 0.90)
    return run


def random_run(n_trials: int, seed: int = 0) -> Run:
    """A long search with random scores, about two thirds of it stopped early."""
    random_ = random.Random(seed)
    run = Run(make_study(trials=n_trials))
    for trial in range(n_trials):
        basis, sae = random_.choice(("raw", "pca")), random_.choice(("relu", "topk"))
        accuracy, junk = random_.uniform(0.6, 0.97), random_.uniform(0.3, 1.1)
        penalty = random_.choice((None, random_.uniform(0.001, 1.0)))
        drawn = {"basis": basis, "sae": sae, "width": random_.randint(64, 512), "junk_penalty": penalty}
        if random_.random() < 0.35:
            run.complete(trial, accuracy, junk, dead=random_.choice((0.0, 0.05, 0.3)), **drawn)
        else:
            run.prune(trial, accuracy, junk, at=random_.choice((1, 1, 2)), **drawn)
    return run


def replayed(run: Run) -> Iterator[tuple[Event, History]]:
    """Every event of the run, each with the history right after it: what the driver hands its views."""
    history = History()
    for event in run.events:
        history.apply(event)
        yield event, history

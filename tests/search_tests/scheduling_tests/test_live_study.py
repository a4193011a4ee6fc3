"""What a sampler is shown, and that those of the table propose what their names promise."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from optuna.trial import TrialState

from search.errors import SpaceError
from search.ledger.events import parse
from search.ledger.history import History, TrialRecord
from search.scheduling.distributions import at_quantile, distributions
from search.scheduling.live_study import LiveStudy
from search.study.domains import Choice, FloatRange, IntRange, Parameter, Scalar
from search.study.sections import Constraint, Sampler
from search.study.study import Study
from tests.search_tests.histories import make_study

X = Parameter("auxiliary.junk_penalty", FloatRange(1e-3, 10.0, log=True), default=0.01)
Y = Parameter("auxiliary.activation_l1", FloatRange(1e-3, 10.0, log=True), default=0.01)


def numbers(sampler: str, objectives: int = 1, **settings: object) -> Study:
    """Two numbers to be found, x = y = 0.1; accuracy is highest there."""
    study = replace(make_study(objectives=objectives), parameters=(X, Y), constraints=())
    return replace(study, sampler=Sampler.model_validate({"name": sampler, "startup_trials": 5, **settings}))


def told(params: dict[str, Scalar], history: History, study: Study, state: str = "COMPLETE") -> TrialRecord:
    """Add an ended trial to the history."""
    number = len(history.trials)
    x, y = (math.log10(float(params[p.path])) for p in (X, Y))
    accuracy = 1 - 0.1 * ((x + 1) ** 2 + (y + 1) ** 2)
    metrics = {"probe/accuracy": accuracy, "attribution/junk": x, "sae/dead_fraction": y}
    common = {"trial": number, "time": 0.0}
    values = [metrics[o.metric] for o in study.objectives] if state == "COMPLETE" else None
    for event in (
        {"event": "suggest", "params": params, "origin": "sampler"},
        {"event": "result", "epoch": 1, "rung": 1, "metrics": metrics, "checkpoint": None},
        {"event": "end", "state": state, "reason": None, "values": values},
    ):
        history.apply(parse({**event, **common}))
    return history.trials[number]


def searched(study: Study, trials: int) -> tuple[LiveStudy, History]:
    book, history = LiveStudy(study), History()
    for _ in range(trials):
        book.finish(told(book.propose(), history, study))
    return book, history


def test_cma_es_finds_the_peak_that_random_draws_miss() -> None:
    def late(name: str) -> float:
        _, history = searched(numbers(name), 60)
        return float(
            np.mean([record.values[0] for n, record in history.trials.items() if n >= 40 and record.values])
        )

    assert late("cma_es") > 0.98 > 0.8 > late("random")


def test_a_sampler_with_notes_goes_on_after_a_resume_as_if_unbroken() -> None:
    study = numbers("cma_es")
    book, history = searched(study, 30)
    again = LiveStudy(study)
    for change, number in history.order:
        (again.begin if change == "began" else again.finish)(history.trials[number])
    assert again.propose() == book.propose()


def test_gaussian_processes_keep_a_constraint_and_repeat() -> None:
    study = replace(
        numbers("gp"), constraints=(Constraint(metric="sae/dead_fraction", max=-2.0),)
    )  # log10 y <= -2, while accuracy is highest at -1
    _, history = searched(study, 10)
    late = [math.log10(float(history.trials[n].params[Y.path])) for n in range(6, 10)]
    assert sum(y <= -1.9 for y in late) >= 3
    assert searched(study, 6)[1].trials[5].params == history.trials[5].params


def test_a_sobol_start_fills_the_space_evenly_and_then_the_sampler_models() -> None:
    book, history = LiveStudy(numbers("tpe", startup_trials=32, start="sobol")), History()
    for _ in range(32):
        book.finish(told(book.propose(), history, numbers("tpe")))
    cells = {
        tuple(int((math.log10(float(r.params[p.path])) + 3) // 1) for p in (X, Y))
        for r in history.trials.values()
    }
    assert len(cells) == 16  # of 4 x 4; at random 14 on average
    plain = LiveStudy(numbers("sobol", startup_trials=32))
    for _, record in sorted(history.trials.items()):
        plain.begin(record)
        plain.finish(record)
    assert book.propose() != plain.propose()


def test_conditional_parameters_have_their_sobol_axis_too() -> None:
    study = replace(make_study(), sampler=Sampler(name="sobol"))
    book = LiveStudy(study)
    drawn = [book.propose() for _ in range(64)]
    widths = sorted(math.log(int(params["sae.width"]) / 64) / math.log(8) for params in drawn)
    assert max(abs(u - (i + 0.5) / 64) for i, u in enumerate(widths)) < 0.03
    ks = [int(params["sae.k"]) for params in drawn if "sae.k" in params]
    assert len(ks) == 32


def test_quantiles_are_the_domain_s_own() -> None:
    study = replace(
        make_study(),
        parameters=(
            Parameter("a", Choice(("x", "y"))),
            Parameter("b", IntRange(1, 4)),
            Parameter("c", FloatRange(0.01, 1.0, log=True)),
        ),
    )
    found = distributions(study)
    assert [at_quantile(found["a"], u) for u in (0, 0.49, 0.5, 0.999)] == ["x", "x", "y", "y"]
    assert [at_quantile(found["b"], u) for u in (0, 0.24, 0.26, 0.999)] == [1, 1, 2, 4]
    assert at_quantile(found["c"], 0.5) == pytest.approx(0.1)


@pytest.mark.parametrize("objectives", [1, 2])
def test_a_sampler_is_shown_the_best_and_some_of_the_others(objectives: int) -> None:
    study = replace(numbers("random", objectives), sampler=Sampler(name="random", history=30))
    book, history = LiveStudy(study), History()
    for number in range(200):
        state = "COMPLETE" if number % 3 == 0 else "PRUNED"
        book.finish(told(book.propose(), history, study, state))
    shown = book.optuna_study.get_trials(deepcopy=False)
    assert 30 <= len(shown) <= 33
    best = sorted((r for r in history.trials.values() if r.values), key=lambda r: -(r.values or (0,))[0])[:5]
    numbers_shown = [trial.number for trial in shown]
    assert numbers_shown == sorted(numbers_shown)
    if objectives == 1:
        assert {record.number for record in best} <= set(numbers_shown)
    assert best[0].number in numbers_shown  # the most accurate is on the front in any case
    assert sum(number >= 150 for number in numbers_shown) > sum(number < 50 for number in numbers_shown)
    assert {trial.state for trial in shown} == {TrialState.COMPLETE, TrialState.PRUNED}
    assert book.n_trials == 200


def test_a_shown_part_is_the_same_after_a_resume() -> None:
    study = replace(numbers("tpe"), sampler=Sampler(name="tpe", history=20, startup_trials=5))
    book, history = searched(study, 60)
    again = LiveStudy(study)
    for change, number in history.order:
        (again.begin if change == "began" else again.finish)(history.trials[number])
    assert again.propose() == book.propose()


def test_a_class_of_optuna_s_that_wants_more_than_a_seed_is_refused() -> None:
    study = replace(numbers("tpe"), sampler=Sampler(name="optuna.samplers:GridSampler"))
    with pytest.raises(SpaceError, match=r"cannot be made from a seed alone .*search_space.* docs/"):
        LiveStudy(study).propose()


def test_torch_is_imported_for_gaussian_processes_alone() -> None:
    code = (
        "import sys; import search.scheduling.live_study, search.scheduling.samplers; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0

"""What the ledger's times tell of stages, on times that are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from search.stages.encoding import ABSENT, Encoding
from search.stages.prefix import prefix_of, prefix_params
from search.stages.saved import saved
from search.stages.seconds import predicted
from search.stages.spending import Spending
from search.study.domains import Scalar
from tests.search_tests.histories import Run, make_params, make_study


def trained(run: Run, trial: int, params: dict[str, Scalar], classifier: float, features: float) -> None:
    """Two rungs of a trial that then goes on; the second takes three times as long."""
    run.suggest(trial, params)
    for rung in (1, 2):
        run.now += classifier * 3 ** (rung - 1) - 1
        run.result(trial, 2 * 3 ** (rung - 1), None, classifier__accuracy=0.9)
        run.now += features * 3 ** (rung - 1) - 1
        run.rung(trial, rung, 0.9, 0.5)
        run.now -= 1
        run.tell(event="decision", trial=trial, rung=rung, action="continue")


def test_trials_share_a_classifier_whatever_their_sae() -> None:
    study = make_study()
    one, other = (
        make_params(width=64, junk_penalty=0.5),
        make_params(basis="pca", width=512, junk_penalty=0.5),
    )
    assert prefix_of(study, one) == prefix_of(study, other)
    assert prefix_of(study, one) != prefix_of(study, make_params(junk_penalty=0.6))
    assert prefix_params(study, one) == {
        "classifier.hidden_size": 64,
        "auxiliary.junk_penalty?": True,
        "auxiliary.junk_penalty": 0.5,
    }


def test_a_loop_leaves_nothing_to_share() -> None:
    study = make_study()
    joint = replace(study, constants={**study.constants, "loop.kind": "joint"})
    assert prefix_of(joint, make_params(width=64)) != prefix_of(joint, make_params(width=65))


def test_seconds_are_told_apart_by_stage_and_by_who_trained_first() -> None:
    run = Run(make_study())
    trained(run, 0, make_params(width=64), 30.0, 2.0)
    trained(run, 1, make_params(width=512), 0.5, 4.0)
    spending = Spending(run.study, run.history)
    told = [(one.trial, one.rung, one.classifier, one.features, one.shared) for one in spending.spent]
    assert told == [
        (0, 1, pytest.approx(30.0), pytest.approx(2.0), False),
        (0, 2, pytest.approx(90.0), pytest.approx(6.0), False),
        (1, 1, pytest.approx(0.5), pytest.approx(4.0), True),
        (1, 2, pytest.approx(1.5), pytest.approx(12.0), True),
    ]
    assert set(spending.trained.values()) == {2}
    found = saved(run.study, run.history)
    assert (found.trials, found.classifiers, found.sharing) == (2, 1, 1)
    assert found.saved == pytest.approx(29.5 + 88.5)


def test_taken_in_bit_by_bit_it_tells_the_same() -> None:
    run = Run(make_study())
    spending = Spending(run.study, run.history)
    for trial in range(4):
        trained(run, trial, make_params(width=64 + trial % 2), 5.0, 1.0)
        spending.update()
    assert spending.spent == Spending(run.study, run.history).spent


def test_what_a_session_broke_off_or_was_tried_again_is_left_out() -> None:
    run = Run(make_study())
    run.suggest(0)
    run.now += 1000
    run.tell(event="session", command=None, host="here", pid=1, target=9)
    run.rung(0, 1, 0.9, 0.5)
    run.suggest(1)
    run.tell(event="retry", trial=1, reason="lost: the worker process died")
    run.rung(1, 1, 0.9, 0.5)
    assert Spending(run.study, run.history).spent == []


def test_dear_classifiers_are_known_by_their_settings() -> None:
    run, study = Run(make_study(trials=40)), make_study()
    draws = [
        {**make_params(junk_penalty=0.001 * (trial + 1)), "classifier.hidden_size": (128, 32)[trial % 2]}
        for trial in range(24)
    ]
    for trial, params in enumerate(draws):
        trained(run, trial, params, (64.0, 4.0)[trial % 2], 1.0)
    encoding = Encoding(study)
    rows = encoding.rows(draws[:2])
    seconds = predicted(Spending(study, run.history), encoding, rows, 3, seed=0)
    assert seconds.classifier.shape == (2, 3)
    assert seconds.classifier[0, 0] >= 8 * seconds.classifier[1, 0]
    assert seconds.classifier[1, 1] == pytest.approx(3 * seconds.classifier[1, 0], rel=0.5)
    assert (np.log2(seconds.features) % 1 == 0).all()


def test_what_is_not_drawn_has_a_number_of_its_own() -> None:
    encoding = Encoding(make_study())
    raw, pca = encoding.rows([make_params(), make_params(basis="pca")])
    assert (raw != pca).sum() == 3  # two options, and components
    assert ABSENT in raw

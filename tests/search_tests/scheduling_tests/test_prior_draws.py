"""Guesses at values: read, written, drawn as often and as near as is promised."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace

import pytest

from search.errors import SpaceError
from search.scheduling.live_study import LiveStudy
from search.scheduling.prior_draws import believed
from search.space.loader import load_text
from search.space.writer import domain_text
from search.study.priors import Prior
from search.study.study import Study, default_params

SPACE = """\
name: x
question: y
objectives: [{metric: probe/accuracy, mode: max}]
sampler: {startup_trials: 40}
trial:
  sae:
    kind: {choice: [relu, topk, batch_topk], prior: topk, confidence: high}
    width: {log_int: [16, 4096], prior: 64, confidence: high}
    k: {int: [2, 8]}
  auxiliary:
    activation_l1: {log_uniform: [0.01, 1], or: 0, prior: 0}
"""


@pytest.fixture(scope="module")
def study() -> Study:
    return load_text(SPACE, "x").study


def test_it_is_written_out_and_decides_the_first_trial(study: Study) -> None:
    again = load_text(load_text(SPACE, "x").resolved_text, "x").study
    assert again == study
    assert default_params(study)["sae.width"] == 64
    assert default_params(study)["auxiliary.activation_l1?"] is False
    width = next(parameter for parameter in study.parameters if parameter.path == "sae.width")
    assert domain_text(width) == "{log_int: [16, 4096], prior: 64, confidence: high}"


def test_half_of_the_start_believes_and_few_later(study: Study) -> None:
    believe = [believed(study, number) is not None for number in range(4000)]
    assert sum(believe[:40]) == pytest.approx(20, abs=8)
    expected = sum(20 / n for n in range(40, 4000))
    assert sum(believe[40:]) == pytest.approx(expected, rel=0.3)


def test_draws_lie_about_the_guess(study: Study) -> None:
    seeds = [replace(study, budget=study.budget.model_copy(update={"seed": seed})) for seed in range(600)]
    drawn = [found for seeded in seeds if (found := believed(seeded, 0)) is not None]
    places = [math.log(float(draw["sae.width"]) / 16) / math.log(4096 / 16) for draw in drawn]
    assert statistics.mean(places) == pytest.approx(0.25, abs=0.03)
    assert statistics.stdev(places) == pytest.approx(0.115, abs=0.03)  # 1/8, cut at the low end
    kinds = [draw["sae.kind"] for draw in drawn]
    assert kinds.count("topk") / len(kinds) == pytest.approx(0.9, abs=0.05)
    assert set(kinds) == {"topk", "relu", "batch_topk"}
    assert all(draw["auxiliary.activation_l1?"] is False for draw in drawn)


def test_what_nobody_believes_in_is_the_sampler_s(study: Study) -> None:
    book = LiveStudy(study)
    proposed = [book.propose() for _ in range(40)]
    for number, params in enumerate(proposed):
        study.trial_config(params)
        wished = believed(study, number) or {}
        assert all(params[name] == value for name, value in wished.items() if name in params)
    assert len({params.get("sae.k") for params in proposed}) > 4


def test_a_range_is_left_at_neither_end() -> None:
    prior = Prior(0.0, "low")
    assert [prior.quantile(0.0, u) for u in (0.0, 1.0)] == pytest.approx([0.0, 1.0], abs=1e-3)
    assert 0 < prior.quantile(0.0, 0.5) < 0.5


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("prior: 64", "prior: 8", r"trial.sae.width.prior: 8 cannot be drawn"),
        (
            "64, confidence: high",
            "64, confidence: hihg",
            r"sae.width.confidence: .*'hihg'; did you mean 'high'",
        ),
        ("prior: 64, confidence", "confidence", r"a confidence without a prior"),
        ("prior: 64", "piror: 64", r"unknown key; did you mean 'prior'"),
    ],
)
def test_mistakes_are_told(old: str, new: str, said: str) -> None:
    with pytest.raises(SpaceError, match=said):
        load_text(SPACE.replace(old, new), "x")

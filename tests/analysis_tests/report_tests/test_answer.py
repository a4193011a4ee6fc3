"""The answer's sentences, on planted effects and a planted confirmation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.effects.effect import DirectionEffect, EffectTable, verdict_of
from analysis.load import load_run
from analysis.pages.signed_number import signed
from analysis.report_parts.answer import answer
from analysis.report_parts.as_markdown import as_markdown
from analysis.report_parts.confirmed import plus_minus
from analysis.report_parts.directions import directions
from analysis.report_parts.leaderboard import leaderboard
from analysis.report_parts.outlook import Outlook
from search.confirmation.estimates import Estimate
from search.study.sections import Objective
from tests.analysis_tests.reading_tests.test_confirmed import confirmed_run  # noqa: F401


def effect(direction: str, mean: float, reach: float, *, q_value: float = 0.5) -> DirectionEffect:
    """On junk, of which less is better."""
    low, high = mean - reach, mean + reach
    return DirectionEffect(
        direction=direction,
        setting="on",
        control="off",
        objective="attribution/junk",
        mode="min",
        mean=mean,
        low=low,
        high=high,
        n_with=9,
        n_without=7,
        method="model",
        verdict=verdict_of(low, high, "min"),
        p_value=0.01,
        q_value=q_value,
    )


@pytest.fixture
def outlook(unfinished_run: Path, tmp_path: Path) -> Outlook:
    run = load_run(unfinished_run)
    assert run.study is not None
    return Outlook(run, run.study, tmp_path, "RUN")


def told(outlook: Outlook, *effects: DirectionEffect) -> str:
    return as_markdown("t", "", [answer(outlook, EffectTable(effects, ("note",)))])


def test_readable_latents_stand_beside_their_floor(outlook: Outlook) -> None:
    readable = Objective(metric="latents/readable", mode="max")
    outlook = replace(outlook, study=replace(outlook.study, objectives=(readable,)))
    for trial in outlook.run.history.trials.values():
        if trial.reports:
            counts = {"latents/readable": 9.0, "latents/readable_floor": 9.5}
            trial.reports[-1] = replace(trial.reports[-1], metrics={**trial.reports[-1].metrics, **counts})
        trial.values = (9.0,) if trial.state == "COMPLETE" else trial.values
    text = as_markdown("t", "", [answer(outlook, EffectTable((), ())), leaderboard(outlook)])
    assert "`latents/readable` **9.000** (within the floor 9.5)" in text
    assert "9.000 within the floor 9.5" in text


def test_clear_effects_are_named_the_strongest_first(outlook: Outlook) -> None:
    nothing = float("nan")
    few = replace(effect("few", nothing, nothing), verdict="too few")
    text = told(
        outlook,
        effect("weak", -0.1, 0.05),
        effect("strong", -0.3, 0.05, q_value=0.001),
        effect("sure", -0.2, 0.05, q_value=0.001),
        effect("harm", 0.2, 0.05, q_value=0.001),
        effect("none", 0.01, 0.05),
        few,
    )
    assert "**2 settings clearly improve** `attribution/junk` (strong on −0.300 and sure on −0.200)" in text
    assert "**1 setting clearly worsens** `attribution/junk` (harm on +0.200)" in text
    assert "2 of 6 compared have none, 1 had too few trials to tell." in text
    assert "1 more would look clear alone, but not among so many comparisons." in text
    assert "weak" not in text


def test_what_does_not_survive_the_correction_is_not_called_clear(outlook: Outlook) -> None:
    """It was: 2 settings "clearly improve", of which none "stay clear"."""
    text = told(outlook, effect("weak", -0.1, 0.05), effect("other", -0.2, 0.05))
    assert "**No clear effect** on `attribution/junk` of any of 2 settings." in text
    assert "2 more would look clear alone" in text
    assert "clearly" not in text


def test_no_effect_is_not_dressed_up(outlook: Outlook) -> None:
    text = told(outlook, effect("none", 0.01, 0.05))
    assert "**No clear effect** on `attribution/junk` of any of 1 setting." in text
    assert "clearly" not in text


def test_search_scores_are_called_optimistic_until_confirmed(
    outlook: Outlook,
    confirmed_run: Path,  # noqa: F811
) -> None:
    assert "Search scores are optimistic" in told(outlook)
    run = load_run(confirmed_run)
    assert run.study is not None
    text = told(Outlook(run, run.study, confirmed_run, "RUN"))
    assert "optimistic" not in text
    # 0.80, 0.84, 0.88 and 0.70, 0.72, 0.74: means 0.84 and 0.72, errors 0.04 / √3 and 0.02 / √3.
    assert "`probe/accuracy` **0.840 ± 0.023** (+0.120 ± 0.012 on the default), n = 3" in text
    assert "the default 0000, `probe/accuracy` **0.720 ± 0.012**, n = 3" in text


def test_the_table_shows_what_does_not_survive_correction(outlook: Outlook) -> None:
    effects = (effect("weak", -0.1, 0.05), effect("sure", -0.3, 0.05, q_value=0.001))
    text = as_markdown("t", "", [directions(outlook, EffectTable(effects, ("How.",)))])
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert rows == [
        "| `sure` on against off | −0.300 | helps | −0.350 to −0.250 | 9 / 7 |",
        "| `weak` on against off | −0.100 | no clear effect after correction | −0.150 to −0.050 | 9 / 7 |",
    ]


def test_numbers_with_errors() -> None:
    assert plus_minus(Estimate(0.9134, 0.0042, 3)) == "0.913 ± 0.004"
    assert plus_minus(Estimate(-0.9134, None, 1), is_difference=True) == "−0.913"
    assert plus_minus(Estimate(0.97865, 0.00012, 3)) == "0.9787 ± 0.0001"
    assert plus_minus(Estimate(0.0125, 0.0001, 3), is_difference=True) == "+0.0125 ± 0.0001"
    assert [signed(value) for value in (0.0, -0.0123, 2.7e-5, float("nan"))] == [
        "+0.000",
        "−0.012",
        "+2.7e−05",
        "–",
    ]

"""The summary names the planted winners, leaves out what does not count, and fits the terminal."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from search.console.summary import print_summary, summary_json
from search.formatting import number, one_line, score
from search.ledger.history import History
from search.ranking.leaderboard import differing_values, leaderboard
from tests.search_tests.histories import Run, make_study, random_run, typical_run

RUN_DIR = Path("runs/sae-1")
COMMANDS = [("See the curves", "tensorboard --logdir runs/" + "long/" * 30 + "trials")]


def printed(run: Run, width: int = 80) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, highlight=False)
    print_summary(run.study, run.history, RUN_DIR, console, next_commands=COMMANDS)
    return stream.getvalue()


def test_front_ranking_and_what_is_left_out() -> None:
    run = typical_run()
    table = leaderboard(run.study, run.history)
    assert [trial.number for trial in table.front] == [1, 2]
    assert [trial.number for trial in table.ranked] == [1, 2, 0]
    assert [trial.number for trial in table.infeasible] == [3]
    assert table.failures == [("non-finite metric: sae/fvu", [6, 7]), ("timeout after 600 s", [8])]


def test_one_objective_is_ranked_by_it() -> None:
    run = Run(make_study(objectives=1))
    for trial, accuracy in enumerate((0.5, 0.9, 0.7, 0.8)):
        run.complete(trial, accuracy, 0.5)
    assert [trial.number for trial in leaderboard(run.study, run.history).ranked] == [1, 3, 2, 0]
    assert "Pareto" not in printed(run)


def test_the_front_leads_and_no_later_trial_beats_an_earlier_one() -> None:
    run = random_run(80, seed=3)
    ranked = leaderboard(run.study, run.history, 80).ranked
    assert len(ranked) > 10
    points = [(trial.metrics["probe/accuracy"], -trial.metrics["attribution/junk"]) for trial in ranked]
    for place, earlier in enumerate(points):
        assert not any(a > earlier[0] and b > earlier[1] for a, b in points[place + 1 :])


def test_only_what_differs_among_the_shown_is_shown() -> None:
    run = typical_run()
    shown = [run.history.trials[number] for number in (1, 2)]
    columns = differing_values(run.study, shown)
    assert "classifier.hidden_size" not in columns
    assert columns["basis.components"] == [16, None]
    assert columns["auxiliary.junk_penalty"] == [0.5, 0.0]
    assert not any(path.endswith("?") for path in columns)


def test_the_text_says_what_was_asked_what_won_and_what_to_do_next() -> None:
    text = printed(typical_run())
    for said in (
        "Which basis, width",
        "4 trained in full, 2 stopped early, 3 failed, 1 unfinished",
        "a constraint is broken: 0003",
        "0001*",
        "0000 default",
        "0.800 (chance 1)",
        "<= 0.1",
        "trials/0001",
        "optimistic",
        "2 x non-finite metric: sae/fvu (0006, 0007)",
        COMMANDS[0][1],
    ):
        assert said in text
    assert "0.990" not in text


@pytest.mark.parametrize("width", [44, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal_and_no_name_is_cut(width: int) -> None:
    text = printed(random_run(60), width)
    lines = [line for line in text.splitlines() if COMMANDS[0][1] not in line]
    assert max(map(len, lines)) <= max(width, len(f"Each trial has its folder in {RUN_DIR}/trials"))
    assert "…" not in text
    assert all(name in text for name in ("junk_penalty", "dead_fraction", "components", "(chance"))


def test_the_default_is_named_even_when_it_is_not_among_the_best() -> None:
    run = Run(make_study(trials=20))
    run.prune(0, 0.5, 0.99)
    for trial in range(1, 15):
        run.complete(trial, 0.6 + 0.01 * trial, 0.9 - 0.01 * trial)
    text = printed(run)
    assert "default configuration (0000, stopped early)" in text
    assert "0.500" in text


def test_nothing_to_rank_is_said_and_not_an_error() -> None:
    empty = Run(make_study())
    assert "No trial was trained in full" in printed(empty)
    broken = Run(make_study())
    broken.complete(0, 0.9, 0.5, dead=0.9)
    assert "No trial keeps every constraint" in printed(broken)


def test_a_reason_can_neither_colour_nor_mark_up_nor_flood_the_terminal() -> None:
    run = Run(make_study())
    run.fail(0, "\x1b[31m[bold]bad[/nonsense]\x07\nTraceback ..." + "x" * 10_000)
    text = printed(run, 200)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[bold]bad[/nonsense]" in text
    assert "Traceback" not in text


def test_json_is_one_document_with_unrounded_values() -> None:
    run = typical_run()
    document = json.loads(json.dumps(summary_json(run.study, run.history, RUN_DIR), allow_nan=False))
    assert document["run_dir"] == "runs/sae-1"
    assert document["counts"] == {
        "target": 12,
        "suggested": 10,
        "complete": 4,
        "feasible": 3,
        "pruned": 2,
        "failed": 3,
        "running": 1,
    }
    assert document["front"] == [1, 2]
    first = document["leaderboard"][0]
    assert first["trial"] == 1
    assert first["folder"] == "runs/sae-1/trials/0001"
    assert first["params"]["basis.components"] == 16
    assert first["metrics"]["attribution/junk_null"] == 1.0
    assert document["failures"][0] == {"reason": "non-finite metric: sae/fvu", "trials": [6, 7]}


def test_json_of_a_history_without_sessions_or_trials() -> None:
    document = summary_json(make_study(trials=7), History(), RUN_DIR)
    assert document["counts"]["target"] == 7
    assert document["leaderboard"] == []


def test_numbers_and_lines_are_short() -> None:
    assert [number(v) for v in (256, 0.31, 1e-5, 123456.7, True, None)] == [
        "256",
        "0.31",
        "1e-05",
        "123457",
        "true",
        "-",
    ]
    assert [score(v) for v in (0.9, 0.0, 1e-5, -0.25, None)] == ["0.900", "0.000", "1e-05", "-0.250", "-"]
    assert one_line("\n  first\nsecond") == "first"
    assert len(one_line("x" * 1000)) == 200

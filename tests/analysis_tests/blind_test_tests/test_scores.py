"""Scores are anchored at chance and at perfection, by independent oracles. All answers are synthetic."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from analysis.blind_test.key import Answers, Keyed, quiz_id, read_answers, read_key, write_key
from analysis.blind_test.scored import print_scores
from analysis.blind_test.scores import auc, predictions, score, shares, wilson
from analysis.load import load_run
from analysis.report_parts.blind_test import blind_test
from search.errors import SpaceError


def made(n: int = 400) -> list[Keyed]:
    """Questions of two sources; the metric `knows` is large for every even one, `noise` is noise."""
    rng = np.random.default_rng(0)
    return [
        Keyed(
            f"q{i:03d}", "fires", ("winner", "k-means")[i % 2], "run", 3, i, int(rng.integers(4)), 4,
            {"noise": float(rng.random()), "knows": float(i % 2 == 0) + 0.1 * float(rng.random())},
        )
        for i in range(n)
    ]  # fmt: skip


def reader(questions: list[Keyed], choose: str, seed: int = 0) -> Answers:
    """perfect: always right; guess: at random; sees the winner: right there, guessing elsewhere."""
    rng = np.random.default_rng(seed)
    right = {"perfect": lambda _: True, "guess": lambda _: False, "sees": lambda it: it.source == "winner"}[
        choose
    ]
    return Answers(
        Path("a.json"), "", {it.id: (it.right if right(it) else int(rng.integers(4)), "") for it in questions}
    )


def test_guessing_is_0_and_knowing_is_1() -> None:
    questions = made()
    guess = score(questions, shares(questions, [reader(questions, "guess")]))
    assert guess is not None
    assert guess.low < 0 < guess.high
    assert guess.high - guess.low < 0.15
    perfect = score(questions, shares(questions, [reader(questions, "perfect")]))
    assert perfect is not None
    assert perfect.skill == 1.0
    assert 0.98 < perfect.low < 1 == perfect.high
    assert score(questions, {}) is None


@pytest.mark.parametrize(("right", "n"), [(0, 7), (3, 12), (12, 12), (20, 31)])
def test_the_interval_is_wilsons(right: int, n: int) -> None:
    expected = binomtest(right, n).proportion_ci(method="wilson")
    assert wilson(right / n, n) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_many_readers_of_few_questions_are_not_many_questions() -> None:
    questions = made(10)
    one = score(questions, shares(questions, [reader(questions, "sees")]))
    same = score(questions, shares(questions, [reader(questions, "sees")] * 20))
    assert one is not None and same is not None  # noqa: PT018
    assert (same.answers, same.questions) == (200, 10)
    assert (same.low, same.high) == pytest.approx((one.low, one.high))


def test_a_metric_that_knows_is_told_from_one_that_does_not() -> None:
    questions = made()
    told = shares(questions, [reader(questions, "sees", seed) for seed in range(3)])
    best, other = predictions(questions, told)
    assert (best.metric, other.metric) == ("knows", "noise")
    assert best.low > 0.7
    assert other.low < 0.5 < other.high
    values = np.array([it.metrics["knows"] for it in questions])
    right = np.array([told[it.id][0] for it in questions])
    expected = roc_auc_score(
        np.concatenate([np.ones(len(values)), np.zeros(len(values))]),
        np.concatenate([values, values]),
        sample_weight=np.concatenate([right, 3 - right]),
    )
    assert auc(values, right / 3) == pytest.approx(expected)
    assert np.isnan(auc(values, np.ones(len(values))))


def test_answers_come_back_as_a_file_and_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], real_run: Path
) -> None:
    questions = made(24)
    folder = tmp_path / "quiz"
    write_key(folder, questions, "python analysis/quiz.py run")
    quiz, read = read_key(folder)
    assert read == questions
    told = {
        name: {"choice": choice, "name": "a hook"}
        for name, (choice, _) in reader(questions, "sees").given.items()
    }
    (tmp_path / "answers.json").write_text(json.dumps({"quiz": quiz, "reader": "R", "answers": told}))
    print_scores(folder, [tmp_path / "answers.json"])
    said = capsys.readouterr().out
    winner, chance = (
        next(line for line in said.splitlines() if line.startswith(name)) for name in ("winner", "k-means")
    )
    assert winner.count("1.00 [0.68, 1.00] of 12") == 2
    assert "1.00" not in chance.split("]")[0].split("[")[0]
    assert "knows" in said
    run = load_run(real_run)
    assert blind_test(run) is None
    run.path = tmp_path
    section = blind_test(run)
    assert section is not None
    assert "1 reader answered" in str(section.blocks[0])
    (folder / "scores.json").write_text("[]")
    assert blind_test(run) is None


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"quiz": "other", "answers": {}}, "answers the quiz other, and this is"),
        ({"answers": []}, "answers must be an object"),
        ({"answers": {"q999": {"choice": 0}}}, "answers.q999: this quiz has no such question"),
        (
            {"answers": {"q001": {"choice": 4}}},
            "answers.q001.choice: must be a whole number from 0 to 3, got 4",
        ),
        ({"answers": {"q001": {"choice": True}}}, "got True"),
        ("no object", "is not a JSON object"),
    ],
)
def test_files_that_are_no_answers_are_named(document: object, said: str, tmp_path: Path) -> None:
    questions = made(4)
    if isinstance(document, dict):
        document = {"quiz": quiz_id(questions), **document}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    with pytest.raises(SpaceError, match=r"a\.json") as error:
        read_answers(path, quiz_id(questions), questions)
    assert said in str(error.value)


def test_a_key_that_was_changed_is_refused(tmp_path: Path) -> None:
    write_key(tmp_path, made(4), "made")
    path = tmp_path / "key.json"
    path.write_text(path.read_text().replace('"winner"', '"k-means"'))
    with pytest.raises(SpaceError, match="was changed"):
        read_key(tmp_path)
    with pytest.raises(SpaceError, match="there is no"):
        read_key(tmp_path / "elsewhere")

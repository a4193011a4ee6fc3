"""What --dry-run tells, against counts and sums made by hand."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from search.cli.dry_run import describe
from search.cli.memory import Sizes
from search.execution.resources import resources_of_this_machine
from search.space.loader import load_study, load_text
from search.space.size import expected_work, n_combinations, work
from search.study.study import Study
from tests.search_tests.space_texts import HEAD, ROOT, all_draws, with_trial


def told(
    study: Study,
    resources: dict[str, float] | None = None,
    seconds: float | None = None,
    sizes: Sizes | None = None,
) -> str:
    console = Console(file=io.StringIO(), width=300, color_system=None)
    console.print(describe(study, resources, seconds, sizes))
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        "  replicate: {int: [0, 9]}\n",
        "  sae: {kind: {choice: [relu, topk]}, k: {int: [2, 9]}, l1: {choice: [1, 2, 3], or: 0}}\n",
        "  basis: {kind: {choice: [raw, pca, ica]}, components: {int: [4, 9]}}\n"
        "  sae:\n    width: {int: [16, 20], when: {basis.components: [4, 6]}}\n"
        "    epochs: {choice: [1, 2], when: {sae.width: 17}}\n",
        "  sae: {width: {int: [16, 20], or: 64}, epochs: {choice: [1, 2], when: {sae.width: 64}}}\n",
    ],
)
def test_size_counts_every_draw_once(body: str) -> None:
    study = load_text(with_trial(body), "x").study
    draws = [tuple(sorted(params.items())) for params in all_draws(study)]
    assert len(draws) == len(set(draws))
    assert n_combinations(study) == len(draws)


def test_work_under_halving_by_hand() -> None:
    study = load_text(HEAD + "budget: {trials: 9}\n", "x").study
    expected, most = expected_work(study), work(study, 1.0)
    # 9 trials reach 1/9, 3 reach 1/3, 1 reaches 1; the classifier continues, the SAE starts afresh.
    assert expected.classifier == pytest.approx(9 * 1 / 9 + 3 * (1 / 3 - 1 / 9) + 1 * (1 - 1 / 3))
    assert expected.sae == pytest.approx(9 * 1 / 9 + 3 * 1 / 3 + 1)
    assert most.classifier == pytest.approx(9)
    assert most.sae == pytest.approx(9 * (1 / 9 + 1 / 3 + 1))


def test_without_early_stopping_every_trial_is_one_training() -> None:
    study = load_text(HEAD + "budget: {trials: 9}\nscheduler: {name: none}\n", "x").study
    assert work(study, 1.0) == expected_work(study)
    assert "9 full trainings" in told(study)


def test_it_tells_what_the_file_asks_for() -> None:
    text = told(load_study(ROOT / "spaces" / "sae.yaml").study, {"CPU": 4.0})
    for part in (
        "Which network, width",
        "max probe/accuracy: logistic regression",
        "sae/l0 <= 16",
        "{log_int: [4, 12]}",
        "loop.kind is joint",
        "0 (off)",
        "sae.kind batch_topk",
        "4 of 11 parameters",
        "classifier.hidden_size, classifier.templates, loop.solo",
        "1/9, 1/3, 1 of the training",
        "22 trials",
        "4 at once",
        "not estimated",
    ):
        assert part in text


def test_time_only_from_a_measured_figure() -> None:
    study = load_text(HEAD + "budget: {trials: 9}\n", "x").study
    assert "of work" not in told(study)
    # 2 1/3 classifier trainings at least, 13 SAE trainings at most, of 10 s each.
    assert "23 s to 2 min of work at 10 s a full trial, as measured" in told(study, None, 10.0)


def test_a_trial_that_fits_nowhere_is_told() -> None:
    study = load_text(HEAD + "resources: {cpu: 64}\n", "x").study
    assert "asks for 64 CPUs" in told(study, {"CPU": 2.0})


def test_square_brackets_are_printed_not_taken_for_markup() -> None:
    study = load_text(HEAD.replace("Does it load?", "'[red]does it?[/red]'"), "x").study
    assert "[red]does it?[/red]" in told(study)


def test_this_machine_has_a_core() -> None:
    assert resources_of_this_machine()["CPU"] >= 1

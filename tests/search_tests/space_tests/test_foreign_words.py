"""A file in the words of another tool is answered in ours."""

from __future__ import annotations

import pytest

from search.errors import SpaceError
from search.space.loader import load_text

HEAD = "name: x\nquestion: q?\nobjectives: [{metric: probe/accuracy, mode: max}]\n"


def complaint(text: str, overrides: tuple[str, ...] = ()) -> str:
    with pytest.raises(SpaceError) as caught:
        load_text(text, "x.yaml", overrides)
    return str(caught.value)


def of_value(path: str, value: str) -> str:
    section, key = path.split(".")
    kind = "kind: topk, " if key == "k" else "kind: relu, " if key == "l1" else ""
    return complaint(f"{HEAD}trial: {{{section}: {{{kind}{key}: {value}}}}}\n")


@pytest.mark.parametrize(
    ("path", "theirs", "ours"),
    [
        ("classifier.learning_rate", "{min: 1e-5, max: 0.1}", "{uniform: [1e-05, 0.1]}"),
        (
            "classifier.learning_rate",
            "{distribution: log_uniform_values, min: 1e-5, max: 0.1}",
            "{log_uniform: [1e-05, 0.1]}",
        ),
        ("classifier.hidden_size", "{values: [32, 64]}", "{choice: [32, 64]}"),
        ("classifier.epochs", "{int_uniform: [2, 9]}", "{int: [2, 9]}"),
        ("classifier.batch_size", "{quniform: [32, 256, 32]}", "{int: [32, 256]}"),
        ("classifier.batch_size", "{qlograndint: [32, 256, 32]}", "{log_int: [32, 256]}"),
        ("classifier.learning_rate", "{loguniform: [0.001, 0.1]}", "{log_uniform: [0.001, 0.1]}"),
        (
            "classifier.learning_rate",
            "{type: float, low: 0.001, high: 0.1, log: true}",
            "{log_uniform: [0.001, 0.1]}",
        ),
        ("sae.k", "{type: range, bounds: [2, 8], log_scale: true}", "{log_int: [2, 8]}"),
        ("sae.k", "{_type: randint, _value: [2, 8]}", "{int: [2, 8]}"),
        ("sae.k", "{_type: choice, _value: [2, 8]}", "{choice: [2, 8]}"),
        ("sae.k", "{grid_search: [2, 8]}", "{choice: [2, 8]}"),
        ("sae.k", "{value: 4}", "write 4"),
        ("sae.k", "'choice(2, 8)'", "{choice: [2, 8]}"),
        ("sae.l1", "'interval(0.1, 1)'", "{uniform: [0.1, 1]}"),
        ("sae.l1", "'tag(log, interval(0.1, 1))'", "{log_uniform: [0.1, 1]}"),
        ("sae.l1", "'tune.loguniform(0.1, 1)'", "{log_uniform: [0.1, 1]}"),
    ],
)
def test_a_value_is_translated_once(path: str, theirs: str, ours: str) -> None:
    text = of_value(path, theirs)
    assert ours in text
    assert text.count("x.yaml:") == 1
    assert "did you mean" not in text


def test_what_is_written_instead_is_accepted() -> None:
    ours = of_value("classifier.batch_size", "{quniform: [32, 256, 32]}").split("write ")[1].splitlines()[0]
    study = load_text(f"{HEAD}trial: {{classifier: {{batch_size: {ours}}}}}\n", "x.yaml").study
    assert [parameter.path for parameter in study.parameters] == ["classifier.batch_size"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("n_trials: 50", "n_trials: unknown key; here it is budget.trials"),
        ("direction: maximize", "direction: unknown key; here it is objectives[].mode, max"),
        ("method: bayes", "method: unknown key; here it is sampler.name"),
        ("parameters: {}", "parameters: unknown key; here it is trial"),
        ("sae: {k: 4}", "sae: unknown key; it stands below trial: trial.sae"),
        ("l1: 4", "l1: unknown key; it stands below trial: trial.sae.l1"),
    ],
)
def test_a_key_of_the_file_is_led_home(line: str, said: str) -> None:
    assert said in complaint(f"{HEAD}{line}\ntrial: {{}}\n")


def test_an_objective_in_other_words() -> None:
    text = complaint(
        "name: x\nquestion: q?\nobjectives: [{metric: probe/accuracy, direction: maximize}]\ntrial: {}\n"
    )
    assert "objectives[0].direction: unknown key; write mode: max" in text
    text = complaint(
        "name: x\nquestion: q?\nobjectives: [{name: probe/accuracy, goal: minimize}]\ntrial: {}\n"
    )
    assert "objectives[0].name: unknown key; write metric: probe/accuracy" in text
    assert "objectives[0].goal: unknown key; write mode: min" in text


def test_an_override_without_trial_in_front() -> None:
    text = complaint(f"{HEAD}trial: {{}}\n", ("sae.k=4",))
    assert "--set sae.k=4: sae: unknown key; it stands below trial: trial.sae" in text


def test_a_typing_error_of_our_own_words_is_still_told_as_one() -> None:
    assert "did you mean 'choice'?" in of_value("sae.k", "{chioce: [2, 4]}")
    assert "did you mean 'budget'?" in complaint(f"{HEAD}budgte: {{trials: 2}}\ntrial: {{}}\n")

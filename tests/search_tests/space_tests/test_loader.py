"""What a space file means once it is read."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from search.errors import SpaceError
from search.space.loader import load_study, load_text
from search.space.writer import describe_difference
from search.study.domains import Choice, Condition, FloatRange, IntRange, Parameter
from search.study.study import Study, default_params
from tests.search_tests.space_texts import HEAD, ROOT, SPACES, all_draws, random_draw, with_trial
from trainables.config import TrialConfig, built_in_rules
from trainables.settings.sae import ReluSaeConfig, TopKSaeConfig


def study_of(body: str) -> Study:
    return load_text(with_trial(body), "x.yaml").study


def parameter_of(study: Study, path: str) -> Parameter:
    (parameter,) = (parameter for parameter in study.parameters if parameter.path == path)
    return parameter


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.stem)
def test_shipped_space_resolves_to_an_equal_study(path: Path) -> None:
    loaded = load_study(path)
    again = load_text(loaded.resolved_text, "space.resolved.yaml")
    assert again.study == loaded.study
    assert again.resolved_text == loaded.resolved_text
    assert loaded.text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.stem)
def test_every_draw_of_a_shipped_space_is_a_valid_trial(path: Path) -> None:
    study = load_study(path).study
    rng = random.Random(0)
    for params in [default_params(study), *(random_draw(study, rng) for _ in range(500))]:
        config = study.trial_config(params)
        values = {
            f"{section}.{name}": value
            for section, settings in config.model_dump().items()
            if isinstance(settings, dict)
            for name, value in settings.items()
        }
        for rule in built_in_rules():
            if all(path in values for path in rule.fields):
                assert rule.holds(*(values[path] for path in rule.fields)), (rule.sentence, params)


def test_defaults_of_the_models_are_the_first_trial() -> None:
    study = load_study(
        ROOT / "spaces" / "mnist.yaml", ["trial.classifier.epochs=18", "trial.sae.epochs=60"]
    ).study
    assert study.trial_config(default_params(study)) == TrialConfig()


def test_nothing_given_means_the_default_trial() -> None:
    study = load_text(HEAD, "x.yaml").study
    assert study.parameters == ()
    kinds = {"classifier.kind": "mlp", "basis.kind": "raw", "sae.kind": "topk", "loop.kind": "none"}
    assert study.constants == kinds
    assert study.trial_config({}) == TrialConfig()


def test_domains_and_conditions_become_what_the_file_says() -> None:
    study = study_of("""\
  sae:
    l1: {log_uniform: [1e-2, 10]}
    kind: {choice: [relu, topk]}
    width: {log_int: [64, 512]}
    k: {int: [2, 32], when: {sae.width: 64}}
    auxk: {uniform: [0, 1], default: 0.25}
""")
    assert parameter_of(study, "sae.kind").domain == Choice(("relu", "topk"))
    assert parameter_of(study, "sae.width").domain == IntRange(64, 512, log=True)
    l1 = parameter_of(study, "sae.l1")
    assert l1.domain == FloatRange(0.01, 10.0, log=True)
    assert l1.conditions == (Condition("sae.kind", ("relu",)),)
    k = parameter_of(study, "sae.k")
    assert k.conditions == (Condition("sae.kind", ("topk",)), Condition("sae.width", (64,)))
    assert parameter_of(study, "sae.auxk").default == 0.25
    places = [parameter.path for parameter in study.parameters]
    for parameter in study.parameters:
        assert all(places.index(c.path) < places.index(parameter.path) for c in parameter.conditions)


def test_order_of_lines_does_not_matter() -> None:
    one = study_of("  sae: {kind: {choice: [relu, topk]}, k: {int: [2, 8]}, width: {choice: [16, 32]}}\n")
    other = study_of("  sae: {width: {choice: [16, 32]}, k: {int: [2, 8]}, kind: {choice: [relu, topk]}}\n")
    assert one == other


def test_constant_of_one_kind_is_there_only_with_that_kind() -> None:
    study = study_of("  sae: {kind: {choice: [relu, topk]}, k: 4, l1: 2, width: 32}\n")
    assert study.constants["sae.k"] == 4
    assert study.trial_config({"sae.kind": "topk"}).sae == TopKSaeConfig(k=4, width=32)
    assert study.trial_config({"sae.kind": "relu"}).sae == ReluSaeConfig(l1=2.0, width=32)
    again = load_text(
        load_text(with_trial("  sae: {kind: {choice: [relu, topk]}, k: 4}\n"), "x").resolved_text, "y"
    )
    assert again.study.constant_conditions == {"sae.k": Condition("sae.kind", ("topk",))}


def test_condition_on_a_conditional_value_is_inactive_with_it() -> None:
    study = study_of("""\
  basis: {kind: {choice: [raw, pca]}, components: {choice: [4, 8]}}
  sae:
    epochs: {choice: [1, 2], when: {basis.components: 8}}
    width: {choice: [32, 64], when: {sae.epochs: 2}}
""")
    drawn = [set(params) for params in all_draws(study)]
    always, basis = {"basis.kind"}, {"basis.kind", "basis.components"}
    assert sorted(map(len, drawn)) == [1, 2, 3, 4, 4]
    assert always in drawn
    assert basis in drawn
    assert {*basis, "sae.epochs", "sae.width"} in drawn


def test_switch_draws_the_domain_or_takes_the_or_value() -> None:
    study = study_of("  auxiliary: {junk_penalty: {log_uniform: [1e-3, 10], or: 0}}\n")
    assert default_params(study) == {"auxiliary.junk_penalty?": False}
    assert study.trial_config({"auxiliary.junk_penalty?": False}).auxiliary.junk_penalty == 0
    on = {"auxiliary.junk_penalty?": True, "auxiliary.junk_penalty": 0.5}
    assert study.trial_config(on).auxiliary.junk_penalty == 0.5


def test_default_on_the_switch_starts_on() -> None:
    study = study_of("  auxiliary: {junk_penalty: {log_uniform: [1e-3, 10], or: 0, default: 0.1}}\n")
    assert default_params(study) == {"auxiliary.junk_penalty?": True, "auxiliary.junk_penalty": 0.1}


@pytest.mark.parametrize(
    ("domain", "default"),
    [("{log_int: [4, 64]}", 16), ("{int: [4, 64]}", 34), ("{choice: [7, 3]}", 7), ("{int: [100, 300]}", 256)],
)
def test_default_is_the_fields_own_or_else_the_middle(domain: str, default: int) -> None:
    study = study_of(f"  sae: {{kind: relu, width: {domain}}}\n")
    assert parameter_of(study, "sae.width").default == default


def test_override_replaces_adds_and_takes_whole_domains() -> None:
    path = ROOT / "spaces" / "sae.yaml"
    loaded = load_study(path, ["trial.sae.k={log_int: [2, 8]}", "budget.trials=3", "trial.replicate=1"])
    assert parameter_of(loaded.study, "sae.k").domain == IntRange(2, 8, log=True)
    assert loaded.study.budget.trials == 3
    assert loaded.study.constants["replicate"] == 1
    assert load_text(loaded.resolved_text, "y").study == loaded.study


def test_fixing_a_kind_that_conditions_name_is_allowed() -> None:
    components = "{choice: [4, 8], when: {basis.kind: [pca, ica]}}"
    body = f"  basis: {{kind: {{choice: [raw, pca, ica]}}, components: {components}}}\n"
    study = load_text(with_trial(body), "x", ["trial.basis.kind=pca"]).study
    assert parameter_of(study, "basis.components").conditions == (Condition("basis.kind", ("pca",)),)
    assert len(list(all_draws(study))) == 2


def test_taking_a_kind_out_by_override_takes_its_values_along() -> None:
    path = ROOT / "spaces" / "mnist.yaml"
    loaded = load_study(path, ["trial.sae.kind=topk"])
    assert "sae.l1" not in [parameter.path for parameter in loaded.study.parameters]
    assert parameter_of(loaded.study, "sae.k").conditions == ()
    assert load_text(loaded.resolved_text, "y").study == loaded.study
    with pytest.raises(
        SpaceError, match=r"sae\.l1: belongs to sae\.kind relu or gated or .*, but the kind here is topk"
    ):
        load_study(path, ["trial.sae.kind=topk", "trial.sae.l1=2"])


def test_difference_names_what_a_resume_may_not_change() -> None:
    path = ROOT / "spaces" / "mnist.yaml"
    old = load_study(path).study
    free = ["budget.trials=99", "budget.max_failures=1", "budget.trial_timeout_s=5", "resources.cpu=2"]
    assert describe_difference(old, load_study(path, free).study) == []
    changed = ["budget.seed=7", "trial.sae.k=4", "trial.classifier.epochs=3", "data.name=digits"]
    assert describe_difference(old, load_study(path, changed).study) == [
        "data.name: mnist -> digits",
        "budget.seed: 0 -> 7",
        "trial.classifier.epochs: 9 -> 3",
        "trial.sae.k: {log_int: [4, 32], when: {sae.kind: topk}, default: 8} -> 4",
    ]


def test_strings_survive_the_resolved_file() -> None:
    question = "yes: \"1e-3\" # \\ \u2028 \x7f \U0001f600 'no' é"
    text = HEAD.replace("Does it load?", '"yes: \\"1e-3\\" # \\\\ \\u2028 \\x7f \U0001f600 \'no\' é"')
    loaded = load_text(text, "x")
    assert loaded.study.question == question
    assert load_text(loaded.resolved_text, "y").study == loaded.study


def test_one_rung_where_nothing_is_stopped() -> None:
    assert load_text(HEAD + "scheduler: {name: none, rungs: 3}\n", "x").study.scheduler.rungs == 1


def test_reading_a_space_imports_nothing_heavy() -> None:
    code = (
        "import sys; from search.space.loader import load_study; load_study('spaces/sae.yaml');"
        "heavy = {'torch', 'ray', 'optuna', 'numpy', 'sklearn', 'torchvision', 'rich'} & set(sys.modules);"
        "print(sorted(heavy))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_a_dataset_with_settings_of_its_own_keeps_them() -> None:
    head = HEAD.replace("name: x", "name: x\ndata: {name: planted, parts: 12, per_image: 4}")
    loaded = load_text(head, "x")
    settings = loaded.study.data.settings
    assert (settings["parts"], settings["per_image"], settings["depth"]) == (12, 4.0, 1)
    assert load_text(loaded.resolved_text, "again").study == loaded.study
    other = load_text(head, "x", ["data.parts=13"]).study
    assert describe_difference(loaded.study, other) == ["data.parts: 12 -> 13"]
    with pytest.raises(SpaceError, match=r"data.parts: unknown key"):
        load_text(HEAD.replace("name: x", "name: x\ndata: {name: digits, parts: 12}"), "x")

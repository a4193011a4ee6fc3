"""The page about metrics and planted truth: its tables by hand, and one of real, tiny pipelines."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from analysis import truth
from analysis.planted.measure import Sample, truth_of
from analysis.planted.page import correlations, page, proxies_in
from analysis.planted.recipes import RECIPES, read_recipes, trial_of
from search.errors import SpaceError
from trainables.data.dataset import load_dataset
from trainables.metrics.catalog import registered
from trainables.metrics.metric import PROXY
from trainables.metrics.planted_truth import TruthMatch
from trainables.metrics.table import table


def sample(recipe: int, seed: int, f1: float, **metrics: float) -> Sample:
    match = TruthMatch(f1, 0.1, f1 / 2, f1, torch.tensor([f1]))
    named = {name.replace("__", "/"): value for name, value in metrics.items()}
    return Sample(f"recipe {recipe}", seed, named, match)


def test_every_recipe_is_a_valid_trial_of_its_own() -> None:
    trials = [trial_of(recipe, 2) for recipe in RECIPES.values()]
    assert len({trial.model_dump_json() for trial in trials}) == len(RECIPES)
    assert all(trial.replicate == 2 for trial in trials)
    with pytest.raises(SpaceError, match=r"no valid trial: sae.*width"):
        trial_of({"sae": {"width": -1}}, 0)


def test_labels_follow_from_the_correlations_and_can_be_read_back() -> None:
    samples = [
        sample(i, seed, i / 10, sae__fvu=1 - i / 10, probe__accuracy=(7 * i % 5) / 5, sae__l0=3.0)
        for i in range(10)
        for seed in (0, 1)
    ]
    found = correlations(samples)
    assert found["sae/fvu"].rho == pytest.approx(1)
    text = page(samples, "python analysis/truth.py", "planted")
    assert "| recipe 9 | 0.900 (0.000) |" in text
    assert text.index("| recipe 9 ") < text.index("| recipe 8 ")
    assert proxies_in(text) == {"sae/fvu": False, "probe/accuracy": True, "sae/l0": True}


def test_a_page_of_real_pipelines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipes, out = tmp_path / "recipes.yaml", tmp_path / "truth.md"
    shared = "classifier: {epochs: 2, hidden_size: 16}"
    recipes.write_text(
        "".join(f"k {k}: {{{shared}, sae: {{k: {k}, width: 12, epochs: 3}}}}\n" for k in (1, 2, 3, 4)),
        encoding="utf-8",
    )
    given = ["--recipes", str(recipes), "--seeds", "1", "--set", "images=300", "--set", "size=8"]
    assert truth.main([*given, "--out", str(out)]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{out}\n"
    assert captured.err.count("seed 0: k ") == 4
    text = out.read_text(encoding="utf-8")
    assert "planted (images 300, size 8)" in text
    assert {"probe/accuracy", "sae/fvu", "selectivity/purity", "attribution/junk"} <= set(proxies_in(text))


def test_what_is_wrong_is_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert truth.main(["--set", "depth"]) == 2
    assert "must be name=value" in capsys.readouterr().err
    assert truth.main(["--set", "depth=99"]) == 7
    assert "planted: depth is 99" in capsys.readouterr().err
    (tmp_path / "bad.yaml").write_text("- a\n", encoding="utf-8")
    with pytest.raises(SpaceError, match="must map names"):
        read_recipes(tmp_path / "bad.yaml")
    with pytest.raises(ValueError, match="digits are made of is not known"):
        truth_of(None, load_dataset("digits", limit=10), 0)  # type: ignore[arg-type]


def test_the_catalogue_labels_what_the_committed_page_labels() -> None:
    """Made by `python analysis/truth.py --seeds 2`, without those of a confirmation or of concepts."""
    found = proxies_in((Path(__file__).parents[3] / "docs" / "metric_truth.md").read_text(encoding="utf-8"))
    on_page = {
        metric.name
        for metric in registered()
        if metric.mode is not None and metric.when != "confirm" and "concepts" not in metric.needs
    }
    assert on_page <= set(found)
    assert {name for name in on_page if found[name]} == {m.name for m in registered() if m.proxy}


def test_a_proxy_is_called_one_wherever_its_name_is_explained() -> None:
    for metric in registered():
        for name, column in metric.columns().items():
            merit = column.role in ("value", "skill")
            assert column.description.endswith(PROXY) == (metric.proxy and merit), name
        assert (f"`{metric.name}`{PROXY} |" in table(registered())) == metric.proxy

"""What follows from a metric's being registered: columns, rungs, references' cache keys, tables."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.trainables_tests.metrics_tests.test_evaluate import blocks, planted
from trainables.metrics import catalog
from trainables.metrics.evaluate import compute_references, evaluate, references_of
from trainables.metrics.inputs import MetricInputs, ReferenceInputs
from trainables.metrics.measured import measure
from trainables.metrics.metric import Metric, Reference, Score
from trainables.metrics.table import table
from trainables.stages.cache import StageCache
from trainables.stages.runner import StageRunner, references

ROOT = Path(__file__).parents[3]

PATH = f"{__name__}:OWN"


def _brightness(inputs: ReferenceInputs) -> dict[str, Tensor]:
    return {"mean": inputs.activations.val_images.mean()}


BRIGHTNESS = Reference("brightness", _brightness)


def _codes(inputs: MetricInputs) -> Score:
    bright = float(inputs.reference(BRIGHTNESS)["mean"])
    return Score(float(inputs.measured.val_z.mean()), 0.0, {"own/brightness": bright})


OWN = Metric(
    "own/mean_code",
    "mean code",
    "max",
    _codes,
    null="no code, 0",
    references={"own/brightness": "mean pixel"},
    reads=(BRIGHTNESS,),
)


@pytest.fixture
def adopted(monkeypatch: pytest.MonkeyPatch) -> None:
    """OWN among the known metrics, for the time of a test."""
    monkeypatch.setattr(catalog.METRICS, "_columns", dict(catalog.METRICS._columns))
    assert catalog.METRICS[PATH].metric is OWN


def inputs(cache: StageCache, metrics: tuple[Metric, ...]) -> MetricInputs:
    measured = measure(planted(), *blocks(300, 0), *blocks(100, 1))
    read = ReferenceInputs(measured.activations, lambda x: x.flatten(1), 0)
    stages = StageRunner(0, 0, cache, torch.device("cpu"))
    known = references(stages, metrics, "classifier", read)
    return MetricInputs(measured, known, read.untrained, 0)


@pytest.mark.usefixtures("adopted")
def test_a_metric_from_elsewhere_is_known_with_its_null_skill_and_reference() -> None:
    assert OWN in catalog.measured_at("rung", besides=[PATH])
    assert OWN not in catalog.measured_at("rung"), "nobody asked for it here"
    roles = {name: catalog.METRICS[name].role for name in catalog.METRICS if name.startswith("own/")}
    assert roles == {
        "own/mean_code": "value",
        "own/mean_code_null": "null",
        "own/mean_code_skill": "skill",
        "own/brightness": "reference",
    }
    assert catalog.null_of("own/mean_code") == "own/mean_code_null"
    assert "`own/mean_code` | max | rung" in table(catalog.registered())


def test_a_metric_with_a_new_reference_meets_a_warm_cache(tmp_path: Path) -> None:
    """Without the set of references in the key the old entry was found, and the new tensor missing in it."""
    cache, before = StageCache(tmp_path), catalog.measured_at("rung")
    assert evaluate(before, inputs(cache, before))
    assert evaluate((*before, OWN), inputs(cache, (*before, OWN)))["own/brightness"] > 0
    assert cache.misses["references"] == 2
    inputs(cache, before)
    assert (cache.misses["references"], cache.hits["references"]) == (2, 1)


def test_a_newer_version_of_a_reference_is_computed_anew(tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    darker = Reference("brightness", lambda _: {"mean": torch.tensor(-1.0)}, version=2)
    assert evaluate((OWN,), inputs(cache, (OWN,)))["own/brightness"] > 0
    assert float(inputs(cache, (replace(OWN, reads=(darker,)),)).references["brightness:mean"]) == -1


def test_what_a_metric_cannot_do_without_decides_whether_it_is_computed(tmp_path: Path) -> None:
    (stability,) = [metric for metric in catalog.registered() if metric.needs == ("twin",)]
    given = inputs(StageCache(tmp_path), (OWN,))
    assert evaluate((stability,), given) == {}
    assert set(evaluate((stability,), replace(given, twin=planted))) == set(stability.columns())
    without_labels = catalog.measured_at("rung", given=("images", "network"))
    assert {metric.name for metric in without_labels} >= {"sae/l0", "attribution/background_sensitivity"}
    assert not any("labels" in metric.needs for metric in without_labels)


def test_nothing_but_what_was_declared_is_reported(tmp_path: Path) -> None:
    broken = replace(OWN, compute=lambda _: 1.0)
    with pytest.raises(RuntimeError, match=r"own/mean_code .*own/brightness"):
        evaluate((broken,), inputs(StageCache(tmp_path), (OWN,)))


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match=r"own/other reports sae/l0, which sae/l0 reports already"):
        catalog.MetricRegistry((*catalog.OURS, replace(OWN, name="own/other", references={"sae/l0": ""})))
    assert "own/other" not in catalog.METRICS
    other = replace(OWN, name="own/other", reads=(replace(BRIGHTNESS),))
    with pytest.raises(ValueError, match="two references are called brightness"):
        references_of((OWN, other))


def test_a_reference_that_no_metric_lists_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="brightness was not computed"):
        evaluate((OWN,), inputs(StageCache(tmp_path), ()))


def test_shared_work_is_done_once() -> None:
    measured = measure(planted(), *blocks(100, 0), *blocks(50, 1))
    read = ReferenceInputs(measured.activations, lambda x: x.flatten(1), 0)
    calls: list[int] = []
    given = MetricInputs(measured, compute_references((), read), read.untrained, 0)

    def work(_: MetricInputs) -> int:
        calls.append(1)
        return len(calls)

    assert given.once(work) == given.once(work) == 1


def test_the_few_that_matter_come_first_and_poor_signal_last() -> None:
    standings = [column.metric.standing for column in catalog.METRICS.values()]
    assert standings == sorted(standings, key=["key", "plain", "experimental"].index)
    assert {"sae/l0", "sae/fvu", "probe/accuracy"} <= set(list(catalog.METRICS)[:20])
    shown = table(catalog.registered())
    assert shown.index("`sae/l0`") < shown.index("`sae/decoder_redundancy`") < shown.index("`probe/k1`")


def test_the_name_of_a_newer_version_is_read_by_its_suffix() -> None:
    assert [catalog.role(f"latents/new{end}") for end in ("", "_null", "_skill")] == [
        "value",
        "null",
        "skill",
    ]
    assert catalog.is_companion("latents/new_null")
    assert not catalog.is_companion("selectivity/purity_pca")


def test_the_table_is_light() -> None:
    code = "import sys, trainables.metrics.table; assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


FOREIGN = """
from trainables.metrics.metric import Metric

MEAN = Metric("own/mean", "mean code", "max", lambda inputs: float(inputs.measured.val_z.mean()))
NOTHING = 3
"""
USE = """
from trainables.metrics.catalog import METRICS, measured_at
assert "own/mean" in METRICS
assert "own_metric" not in __import__("sys").modules, "imported before anybody named it"
own = METRICS["own/mean"]
print("own/mean", own.mode, own.when)
assert own.metric in measured_at("rung", besides=["own/mean"])
assert own.metric not in measured_at("rung")
"""


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("own/mean = own_metric:MEAN", "own/mean max rung"),
        ("own/mean = own_metric:NOTHING", "is a int; must be a trainables"),
        ("own/mean = own_metric:GONE", "has no GONE"),
    ],
)
def test_a_metric_of_an_installed_package_is_had_by_its_name(tmp_path: Path, named: str, said: str) -> None:
    (tmp_path / "own_metric.py").write_text(FOREIGN)
    installed = tmp_path / "own_metric-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: own-metric\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(f"[sae_search.metrics]\n{named}\n")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    done = subprocess.run([sys.executable, "-c", USE], env=env, capture_output=True, text=True, check=False)
    assert said in done.stdout + done.stderr

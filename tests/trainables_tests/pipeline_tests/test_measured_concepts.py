"""A trial measured by a set of concepts: what it reports, what is held out, what its checkpoint says."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainables.config import TrialConfig
from trainables.data.dataset import ImageData, load_dataset, to_tensors
from trainables.metrics.catalog import METRICS
from trainables.pipeline.pipeline import Pipeline
from trainables.pipeline.plan import Plan
from trainables.storage import checkpoint


@pytest.fixture(scope="module")
def data() -> ImageData:
    return to_tensors(load_dataset("digits", limit=300))


def trained(data: ImageData, weight: float, part: str = "half") -> Pipeline:
    trial = TrialConfig.model_validate(
        {
            "classifier": {"kind": "mlp", "hidden_size": 24, "epochs": 3},
            "sae": {"kind": "topk", "width": 32, "k": 4, "epochs": 3},
            "auxiliary": {
                "concepts": weight,
                "concept_table": "strokes",
                "concept_part": part,
                "concept_form": "bits",
                "concept_split": 7,
            },
        }
    )
    plan = Plan(0, 1, 3, concepts="strokes", only=("sae/fvu",))
    pipeline = Pipeline(trial, data, plan, cache=None, device="cpu")
    while not pipeline.done:
        pipeline.step()
    return pipeline


def test_a_trial_says_what_it_was_taught_and_is_measured_by_the_rest(data: ImageData, tmp_path: Path) -> None:
    taught, plain = trained(data, 3.0), trained(data, 0.0)
    taught.save(tmp_path)
    told = next(iter(checkpoint.newest_first(tmp_path))).meta["concepts"]
    assert told["set"] == "strokes"
    assert abs(len(told["supervised"]) - len(told["held_out"])) <= 1
    assert not set(told["supervised"]) & set(told["held_out"])
    assert taught.last_step is not None
    assert plain.last_step is not None
    wanted = {name for name, info in METRICS.items() if "concepts" in info.metric.needs}
    assert wanted <= set(taught.last_step.metrics)
    others = {name.partition("/")[0] for name in set(taught.last_step.metrics) - wanted}
    assert others == {"classifier", "sae"}, "only what was asked for is measured besides"


def test_where_everything_is_taught_nothing_is_held_out(data: ImageData) -> None:
    step = trained(data, 1.0, "all").last_step
    assert step is not None
    assert step.metrics["concepts/held_out_f1_skill"] == 0.0
    assert step.metrics["concepts/supervised_f1"] == step.metrics["concepts/k1_f1"]

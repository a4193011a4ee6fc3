"""The validity card as metrics: what a rung and a full budget report."""

from __future__ import annotations

from tests.trainables_tests.validity_tests.judged import digits
from trainables.metrics.catalog import METRICS, measured_at
from trainables.metrics.entries import readable, supported
from trainables.metrics.evaluate import evaluate
from trainables.metrics.inputs import MetricInputs
from trainables.metrics.measured import measure
from trainables.validity.card import validity_card


def test_counts_and_their_floor_on_digits() -> None:
    data, model, trained = digits()
    train, val = data.train, data.val
    measured = measure(model, train.images, train.labels, val.images, val.labels)
    inputs = MetricInputs(measured, {}, model.hidden, seed=0)
    found = evaluate((*readable.METRICS, *supported.METRICS), inputs)
    card = validity_card(trained.subject, trained.controls)
    assert found["latents/readable"] == card.readable().value
    assert found["latents/readable_se"] == card.readable().se
    alive = int(measured.alive.sum())
    assert found["latents/supported_share"] == found["latents/supported"] / alive
    assert found["latents/readable"] > found["latents/readable_floor"] > 0


def test_the_count_exists_at_rungs_and_its_floor_at_the_end() -> None:
    at_rungs = {metric.name for metric in measured_at("rung")}
    assert "latents/readable" in at_rungs
    assert "latents/supported" not in at_rungs
    assert METRICS["latents/readable_floor"].role == "reference"
    assert METRICS["latents/readable_se"].mode is None

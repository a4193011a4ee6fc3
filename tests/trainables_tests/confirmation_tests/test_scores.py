"""What is measured of whom, and what of it comes from a cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.trainables_tests.confirmation_tests.judged import scored_data, train, trained
from trainables.confirmation.rungs import PANEL, SCORED
from trainables.confirmation.scores import CARD, metrics_of, sae_tasks, score
from trainables.confirmation.trained import twin
from trainables.metrics.catalog import METRICS
from trainables.sae_training.request import SaeOutcome, SaeRequest
from trainables.stages.cache import StageCache
from trainables.stages.prefetch import train_ahead


@pytest.mark.parametrize("name", SCORED)
def test_what_is_measured_is_finite_known_and_repeats(name: str) -> None:
    found = score(name, trained(), scored_data(), seed=7)
    assert set(found) <= set(METRICS)
    times = ("epoch", "rung", "final", "confirm") if name == "pipeline" else ("epoch", "rung")
    # Those of concepts are measured where a run names a set.
    expected = {n for n, c in METRICS.items() if c.when in times and "concepts" not in c.metric.needs}
    assert expected <= set(found)
    assert set(CARD) <= set(found)
    assert ("stability/pw_mcc" in found) == (name == "pipeline")
    if name in ("pipeline", "kmeans"):
        assert found == score(name, trained(), scored_data(), seed=7)


def test_the_panel_is_measured_in_what_the_study_asks_about() -> None:
    def names(asked: tuple[str, ...]) -> set[str]:
        return {metric.name for group in metrics_of("pca", asked).values() for metric in group}

    assert "cluster/ari" not in names(())
    assert "cluster/ari" in names(("cluster/ari",))
    assert "selectivity/csi" in names(("selectivity/csi_skill",)), "a skill is asked for by its own name"


def test_the_floor_of_all_is_that_of_the_pipelines_size() -> None:
    own, other = (score(name, trained(), scored_data(), seed=7) for name in ("pipeline", "neurons"))
    for name in ("latents/readable_floor", "latents/supported_floor"):
        assert own[name] == other[name]


def test_neurons_lose_some_and_the_pipeline_less() -> None:
    """At equal L0: four of sixteen units do not say what the network had."""
    own, neurons = (score(name, trained(), scored_data(), seed=7) for name in ("pipeline", "neurons"))
    assert 0 < own["sae/fvu"] < neurons["sae/fvu"] < 1


def test_one_classifier_has_one_set_of_references_and_one_floor(tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    cached = train(cache)
    alone = score("pca", cached, scored_data(), seed=7)
    misses = cache.misses.total()
    score("neurons", cached, scored_data(), seed=7)
    assert cache.misses.total() == misses
    assert score("pca", train(None), scored_data(), seed=7) == alone
    score("untrained", cached, scored_data(), seed=7)
    # Its basis and its SAE, the references of a rung, and the floor, which are not the trained classifier's.
    assert cache.misses.total() == misses + 4


def test_all_saes_of_a_scoring_can_be_trained_before_it(tmp_path: Path) -> None:
    def refuse(_requests: Sequence[SaeRequest], _device: torch.device) -> list[SaeOutcome]:
        raise AssertionError("was trained again")

    cached = train(StageCache(tmp_path))
    train_ahead(cached.stages, sae_tasks(cached))
    ready = replace(cached, stages=replace(cached.stages, train_saes=refuse), _done={})
    pairs = [(twin(ready), twin(trained()))]
    for name in ("random_dictionary", "soft_frozen_decoder", "frozen_encoder", "untrained"):
        pairs.append((PANEL[name].build(ready), PANEL[name].build(trained())))  # type: ignore[arg-type]
    for model, expected in pairs:
        own = expected.sae.state_dict()
        assert all(torch.equal(tensor, own[name]) for name, tensor in model.sae.state_dict().items())

"""A search and a confirmation whose SAEs are trained by the packer, over real Ray."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from search.cli.reproduce import reproduce
from search.confirmation.run import Confirmation
from search.confirmation.schedule import task_of
from search.confirmation.subjects import Task, config_of
from search.execution.recorded_session import plan_of
from search.execution.search_run import SearchRun, run_search
from search.execution.signals import StopSignals
from search.ranking.leaderboard import key_metrics
from search.run_dir.run_directory import RunDirectory, create
from search.space.loader import load_study
from search.study.study import Study
from tests.search_tests.end_to_end_tests.test_run import history_of
from trainables.config import TrialConfig
from trainables.confirmation.rungs import rung_of
from trainables.confirmation.scores import score
from trainables.confirmation.trained import Trained
from trainables.data.dataset import Dataset, load_dataset, to_tensors
from trainables.pipeline.pipeline import Pipeline
from trainables.stages.runner import StageRunner

SPACE = """\
name: packed
question: Is an SAE the same whoever is trained with it?
data: {name: digits, limit: 120}
objectives: [{metric: probe/accuracy, mode: max}]
budget: {trials: 4, seed: 3}
scheduler: {name: none}
sampler: {name: random}
resources: {gpu: 0}
trial:
  classifier: {hidden_size: 16, epochs: 3}
  sae: {kind: gated, width: 32, epochs: 3, l1: {log_uniform: [0.01, 1]}}
"""


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset("digits", limit=120)


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset) -> RunDirectory:
    """A finished search of 4 trials of one shape."""
    root = tmp_path_factory.mktemp("packed")
    (root / "space.yaml").write_text(SPACE)
    loaded = load_study(root / "space.yaml")
    directory = create(root, "packed", "r", {"space.resolved.yaml": loaded.resolved_text})
    launch = SearchRun(
        study=loaded.study,
        directory=directory,
        dataset=dataset,
        address="local",
        loggers=lambda _: [],
        release=directory.release,
        actor="tests.search_tests.packed_actors:PackedTrialActor",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAE_SEARCH_CACHE", str(root / "cache"))
        run_search(launch, StopSignals())
    directory.release()
    return directory


def batches(trials: Path) -> list[int]:
    """Sizes of the batches that the trials' SAEs were trained in, those of more than one."""
    logs = [path.read_text() for path in sorted(trials.glob("*/log.txt"))]
    return [int(size) for log in logs for size in re.findall(r"in a batch of (\d+)", log)]


@pytest.mark.slow
def test_trials_are_trained_together_and_each_repeats_alone(
    searched: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    history = history_of(searched.path)
    assert len(history.in_state("COMPLETE")) == 4
    assert max(batches(searched.trials)) >= 2
    threads = torch.get_num_threads()
    # Without Ray, packer and cache; it compares every metric.
    for number in history.trials:
        assert reproduce(searched.path, number, as_json=True) == 0, capsys.readouterr().out
    torch.set_num_threads(threads)


@pytest.mark.slow
def test_a_confirmation_packs_its_seeds_and_scores_what_trains_alone(
    searched: RunDirectory, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAE_SEARCH_CACHE", str(tmp_path / "cache"))
    directory = RunDirectory(tmp_path / "confirm")
    directory.trials.mkdir(parents=True)
    study = load_study(searched.resolved_space).study
    confirmation = Confirmation(
        study=study,
        searched=history_of(searched.path),
        directory=directory,
        dataset=dataset,
        tasks=[Task(0, 500_000), Task(0, 500_001)],
        address="local",
        release=lambda: None,
        loggers=lambda _: [],
        actor="tests.search_tests.packed_actors:PackedConfirmActor",
    )
    confirmed = confirmation.run(StopSignals())
    assert len(confirmed.in_state("COMPLETE")) == 2
    assert max(batches(directory.trials)) >= 2
    for record in confirmed.trials.values():
        config = config_of(study, confirmation.searched, task_of(record))
        found = record.rungs[rung_of("random_dictionary")].metrics
        assert found == pytest.approx(frozen_dictionary_alone(config, study, dataset), rel=1e-6)


def frozen_dictionary_alone(config: TrialConfig, study: Study, dataset: Dataset) -> dict[str, float]:
    """Test scores of one control of a training in this process, without Ray, packer and cache."""
    data = to_tensors(dataset)
    plan = replace(plan_of(study), rungs=1)
    pipeline = Pipeline(config, data, plan, cache=None, device="cpu")
    while not pipeline.done:
        step = pipeline.step()
    assert pipeline.model is not None
    stages = StageRunner(plan.study_seed, config.replicate, None, torch.device("cpu"))
    trained = Trained(
        config=config,
        model=pipeline.model,
        stages=stages,
        images=data.train.images,
        labels=data.train.labels,
        n_classes=data.n_classes,
        data_key=data.key,
        l0=step.metrics["sae/l0"],
    )
    test = replace(to_tensors(dataset, score_on="test"), train=data.train)
    return score(
        "random_dictionary",
        trained,
        test,
        seed=stages.seed("test metrics"),
        asked=key_metrics(study),
    )

"""SAEs trained ahead are found by those who need them, and are the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from tests.trainables_tests.sae_builders import outputs, sae_config
from trainables.errors import TrialDiverged
from trainables.sae_training.local import train_here
from trainables.sae_training.request import SaeOutcome, SaeRequest
from trainables.stages.cache import StageCache
from trainables.stages.fitting import SaeTask, run_sae_task
from trainables.stages.prefetch import train_ahead
from trainables.stages.runner import StageRunner

CONFIG = sae_config("topk", width=16, k=3)


@dataclass
class Calls:
    """`train_here`, and how many SAEs it was asked for each time."""

    sizes: list[int] = field(default_factory=list)

    def __call__(self, requests: Sequence[SaeRequest], device: torch.device) -> list[SaeOutcome]:
        self.sizes.append(len(requests))
        return train_here(requests, device)


def runner(calls: Calls, cache: Path | None) -> StageRunner:
    return StageRunner(0, 0, StageCache(cache) if cache else None, torch.device("cpu"), calls)


def task(seed: int, y: torch.Tensor) -> SaeTask:
    return SaeTask("control", f"key{seed}", lambda: SaeRequest(CONFIG, y, 2, seed))


def test_what_the_cache_lacks_is_trained_in_one_call(tmp_path: Path) -> None:
    y, calls = outputs(60), Calls()
    stages = runner(calls, tmp_path)
    tasks = [task(seed, y) for seed in range(3)]
    expected = [run_sae_task(runner(Calls(), None), each, CONFIG) for each in tasks]
    run_sae_task(stages, tasks[1], CONFIG)
    train_ahead(stages, tasks)
    assert calls.sizes == [1, 2]
    found = [run_sae_task(stages, each, CONFIG) for each in tasks]
    assert calls.sizes == [1, 2]
    for sae, own in zip(found, expected, strict=True):
        assert all(torch.equal(sae.state_dict()[name], tensor) for name, tensor in own.state_dict().items())


def test_without_a_cache_nothing_is_trained_ahead() -> None:
    calls = Calls()
    train_ahead(runner(calls, None), [task(0, outputs(60))])
    assert calls.sizes == []


def test_one_that_diverges_ends_who_needs_it_and_nobody_else(tmp_path: Path) -> None:
    stages = runner(Calls(), tmp_path)
    broken = task(1, outputs(60) * float("nan"))
    train_ahead(stages, [task(0, outputs(60)), broken])
    assert run_sae_task(stages, task(0, outputs(60)), CONFIG).decoder.isfinite().all()
    assert stages.cache is not None
    assert stages.cache.hits["control"] == 1
    with pytest.raises(TrialDiverged, match="nan"):
        run_sae_task(stages, broken, CONFIG)

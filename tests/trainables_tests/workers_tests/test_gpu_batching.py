"""Askers and the packer as processes, on a real Ray: nothing is lost, and each asker has its own end."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import torch

from search.execution.ray_session import ray_session
from tests.trainables_tests.sae_builders import outputs
from tests.trainables_tests.workers_tests.test_gpu_batcher import CPU, alone, asked, equal
from trainables.errors import TrialDiverged
from trainables.sae_training.local import train_here
from trainables.sae_training.request import SaeOutcome, SaeRequest, SaeResult, result_of
from trainables.workers.gpu_batching import GpuBatchedTrainer, GpuBatcherActor, trainer_for

THREADS = torch.get_num_threads()
LONG_S = 1000.0
"""Nobody lingers so long in a test: who gets an answer got it otherwise."""
ENOUGH_S = 2.0
"""So that askers meet, however busy the machine."""


@pytest.fixture(scope="module")
def _ray() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("RAY_"):
                patch.delenv(name)
        with ray_session("local", n_cpus=1):
            yield


@pytest.fixture
def _no_packer(_ray: None) -> Iterator[None]:
    yield
    kill_packers()


def packers() -> list[str]:
    import ray

    return [name for name in ray.util.list_named_actors() if name.startswith("sae-packer")]


def kill_packers() -> None:
    import ray

    for name in packers():
        ray.kill(ray.get_actor(name))


def outcomes(
    askers: list[GpuBatchedTrainer], requests: list[SaeRequest], device: torch.device = CPU
) -> list[SaeOutcome]:
    """Every asker's own end, all asking at once."""

    def ask(asker: GpuBatchedTrainer, request: SaeRequest) -> SaeOutcome:
        return asker([request], device)[0]

    with ThreadPoolExecutor(len(askers)) as threads:
        return list(threads.map(ask, askers, requests))


def batches(caplog: pytest.LogCaptureFixture) -> list[int]:
    """Sizes of the batches that askers heard of."""
    return [int(size) for size in re.findall(r"in a batch of (\d+)", caplog.text)]


@pytest.mark.slow
@pytest.mark.usefixtures("_no_packer")
def test_each_asker_gets_its_own_end_and_several_requests_their_order(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "trainables")
    askers = [GpuBatchedTrainer(CPU, THREADS, ENOUGH_S) for _ in range(3)]
    requests = [asked(seed) for seed in (0, 1, 2)]
    for request, result in zip(requests, outcomes(askers, requests), strict=True):
        assert isinstance(result, SaeResult)
        assert equal(result, alone(request))
    assert batches(caplog) == [3, 3, 3]
    requests[1] = asked(1, y=torch.full_like(outputs(), torch.inf))
    first, diverged, third = outcomes(askers, requests)
    assert isinstance(diverged, TrialDiverged)
    assert "the SAE's loss is nan" in str(diverged)
    assert isinstance(first, SaeResult)
    assert isinstance(third, SaeResult)
    assert equal(first, alone(requests[0]))
    assert equal(third, alone(requests[2]))
    y = outputs()
    mixed = [asked(0, y=y), asked(5, width=20), asked(1, y=y)]
    for request, result in zip(mixed, askers[0](mixed, CPU), strict=True):
        assert equal(result_of(result), alone(request))
    assert batches(caplog)[-2:] == [2, 2]


@pytest.mark.usefixtures("_no_packer")
def test_a_packer_dies_with_its_maker_and_is_replaced_so_that_nothing_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    import ray

    caplog.set_level(logging.INFO, "trainables")
    maker: Any = ray.remote(GpuBatchedTrainer).options(num_cpus=0).remote(CPU, THREADS, LONG_S)
    ray.get(maker.__ray_ready__.remote())
    assert len(packers()) == 1
    askers = [GpuBatchedTrainer(CPU, THREADS, ENOUGH_S) for _ in range(2)]
    requests = [asked(0), asked(1)]
    with ThreadPoolExecutor(1) as thread:
        asking = thread.submit(outcomes, askers, requests)
        ray.kill(maker)
        results = asking.result()
    for request, result in zip(requests, results, strict=True):
        assert isinstance(result, SaeResult)
        assert equal(result, alone(request))
    assert batches(caplog) == [2, 2]
    assert "the packer is gone, asking another" in caplog.text


@pytest.mark.slow
@pytest.mark.usefixtures("_no_packer")
def test_where_no_packer_can_be_had_the_asker_trains_itself(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "trainables")
    request = asked(0)
    (result,) = GpuBatchedTrainer(CPU, threads=0)([request], CPU)
    assert equal(result_of(result), alone(request))
    assert "no packer answered" in caplog.text


@pytest.mark.parametrize(("gpus", "device"), [(0.0, "cpu"), (1.0, "cuda"), (2.0, "cuda"), (0.5, "cpu")])
def test_who_has_a_gpu_for_itself_or_none_trains_by_itself(gpus: float, device: str) -> None:
    assert trainer_for(gpus, 1, torch.device(device)) is train_here


@pytest.mark.usefixtures("_no_packer")
def test_who_has_a_share_of_a_gpu_asks_the_packer() -> None:
    assert isinstance(trainer_for(0.5, 1, torch.device("cuda")), GpuBatchedTrainer)


def test_the_packer_sees_the_devices_of_its_askers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("HIP_VISIBLE_DEVICES", "0")
    GpuBatcherActor({"CUDA_VISIBLE_DEVICES": "3"}, "cpu", THREADS, ENOUGH_S)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "3"
    assert "HIP_VISIBLE_DEVICES" not in os.environ


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.usefixtures("_no_packer")
def test_on_a_gpu_each_gets_what_it_would_have_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "trainables")
    device = torch.device("cuda")
    askers = [GpuBatchedTrainer(device, THREADS, ENOUGH_S) for _ in range(3)]
    requests = [replace(asked(seed), y=outputs(seed=seed).to(device)) for seed in (0, 1, 2)]
    for request, result in zip(requests, outcomes(askers, requests, device), strict=True):
        assert isinstance(result, SaeResult)
        assert result.sae.decoder.device.type == "cuda"
        expected = result_of(train_here([request], device)[0])
        assert result.history[-1]["loss"] == pytest.approx(expected.history[-1]["loss"], rel=1e-3)
        assert torch.allclose(result.sae.decoder, expected.sae.decoder, atol=1e-3)
    assert batches(caplog) == [3, 3, 3]

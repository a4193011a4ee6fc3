"""Training SAEs by the packer of a GPU: the side of the trial that asks.

The packer is a Ray actor, one for each device of each node and each run. The first trial that could need it
makes it; it dies with that trial's process, and whoever still waits makes another and asks again. Names of
actors belong to the driver's own namespace, so two runs on a cluster never share one.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import ray
import torch
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from trainables.errors import TrialDiverged
from trainables.foreign import is_foreign
from trainables.sae_training.local import Trainer, train_here
from trainables.sae_training.request import SaeOutcome, SaeRequest
from trainables.workers.gpu_batcher import LINGER_S, GpuBatcher
from trainables.workers.sae_messages import Answer, Diverged, RequestMessage, array_of

logger = logging.getLogger(__name__)

ATTEMPTS = 4
PAUSE_S = 0.5
"""Between attempts, so that a packer that is going is gone."""
VISIBLE_DEVICES = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")


def trainer_for(gpus: float, threads: int, device: torch.device) -> Trainer:
    """A packed trainer for a trial that has a share of a GPU; the others train by themselves.

    Where torch cannot use the GPU that was granted each process trains on its own CPUs, as one packer had
    only its own.
    """
    return GpuBatchedTrainer(device, threads) if 0 < gpus < 1 and device.type == "cuda" else train_here


class GpuBatchedTrainer:
    """A `Trainer` of one process. What the packer does not train is trained here.

    An SAE is the same whichever others are trained with it, up to rounding.
    """

    def __init__(self, device: torch.device, threads: int, linger_s: float = LINGER_S) -> None:
        """Starts the packer if there is none, so that it is ready when the classifier is trained."""
        self._device, self._threads, self._linger_s = device, threads, linger_s
        self._packer: Any = None
        self._find_packer()

    def __call__(self, requests: Sequence[SaeRequest], device: torch.device) -> list[SaeOutcome]:
        """What became of each request. The packer may have no code for a kind from outside."""
        ours = [request for request in requests if not is_foreign(type(request.config))]
        answered = iter(self._ask(ours))
        answers = [None if is_foreign(type(request.config)) else next(answered) for request in requests]
        alone = [request for request, answer in zip(requests, answers, strict=True) if answer is None]
        trained_here = iter(train_here(alone, device))
        outcomes: list[SaeOutcome] = []
        for request, answer in zip(requests, answers, strict=True):
            if answer is None:
                outcomes.append(next(trained_here))
            elif isinstance(answer, Diverged):
                outcomes.append(TrialDiverged(answer.reason))
            else:
                logger.info("the SAE was trained in a batch of %d", answer.batch)
                outcomes.append(answer.result(request, device))
        return outcomes

    def _ask(self, requests: Sequence[SaeRequest]) -> list[Answer]:
        """The packer's answers; None for all when there is no packer to be had."""
        messages = [RequestMessage.of(request) for request in requests]
        for _ in range(ATTEMPTS):
            try:
                packer = self._find_packer()
                ys = self._shared([request.y for request in requests])
                calls = [packer.train.remote(message, y) for message, y in zip(messages, ys, strict=True)]
                answers: list[Answer] = ray.get(calls)
                return answers
            except ray.exceptions.RayError as error:
                logger.info("the packer is gone, asking another: %s", type(error).__name__)
                self._packer = None
                time.sleep(PAUSE_S)
        logger.warning("no packer answered %d times; training alone", ATTEMPTS)
        return [None] * len(requests)

    def _shared(self, ys: Sequence[torch.Tensor]) -> list[Any]:
        """References to y in Ray's shared memory, one for requests with one y."""
        references: dict[int, Any] = {}
        for y in ys:
            if id(y) not in references:
                references[id(y)] = ray.put(array_of(y))
        return [references[id(y)] for y in ys]

    def _find_packer(self) -> Any:
        """The packer of this device, made if there is none."""
        if self._packer is None:
            visible = {name: os.environ[name] for name in VISIBLE_DEVICES if name in os.environ}
            self._packer = _packer_of(visible, self._device, self._threads, self._linger_s)
        return self._packer


class GpuBatcherActor(GpuBatcher):
    """The packer, on the device of who asked for it.

    It is granted no GPU, as it works in the shares of those that wait for it. Ray leaves the variables of
    such an actor as they are on the node, or empties them under RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO; they are
    read when CUDA is first used, so setting them here decides.
    """

    def __init__(self, visible: Mapping[str, str], device: str, threads: int, linger_s: float) -> None:
        for name in VISIBLE_DEVICES:
            os.environ.pop(name, None)
        os.environ.update(visible)
        super().__init__(device, threads, linger_s)


def _packer_of(visible: Mapping[str, str], device: torch.device, threads: int, linger_s: float) -> Any:
    node = ray.get_runtime_context().get_node_id()
    devices = " ".join(f"{name}={value}" for name, value in sorted(visible.items()))
    remote = ray.remote(GpuBatcherActor).options(
        name=f"sae-packer {node} {device} {devices}",
        get_if_exists=True,
        num_cpus=0,
        num_gpus=0,
        scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False),
    )
    return remote.remote(visible, str(device), threads, linger_s)

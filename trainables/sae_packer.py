"""The packer of a GPU: it collects SAE requests of several processes and trains those of one shape together.

A request waits `linger_s` for others of its shape. If none comes it is handed back, and its asker trains it
at once, beside all others that share the GPU; trainings of different shapes gain nothing from one process.
If the same shape is in training just then it waits for the end of that, since others will have come by then.
Rounds are trained one after the other, in a thread, so that requests are heard meanwhile.

Nothing here waits for a certain number of requests or takes a lock of the stage cache, so askers that hold
such locks cannot wait for each other through the packer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch

from trainables.errors import TrialDiverged
from trainables.sae_messages import Answer, Array, RequestMessage, ResultMessage, tensors_of
from trainables.sae_requests import train_here

logger = logging.getLogger(__name__)

LINGER_S = 0.2
"""Trials of one bracket, or seeds of one confirmation, come to their SAEs at about the same time; a training
takes seconds, and who waits in vain loses no more than this."""
CPU_ROUND_BYTES = 4 * 2**30
GPU_ROUND_SHARE = 0.5
"""Of the memory that is free on the GPU when a round begins; the rest is for the trials' own work."""


@dataclass(frozen=True)
class Waiting:
    """A request, and where its answer is awaited."""

    message: RequestMessage
    y: Array
    answer: asyncio.Future[Answer]


class SaePacker:
    """Answers `train`; knows nothing of Ray, which runs it as an asynchronous actor."""

    def __init__(self, device: str, threads: int, linger_s: float = LINGER_S) -> None:
        """threads: of torch, as many as each asker was granted."""
        torch.set_num_threads(threads)
        self._device, self._linger_s = torch.device(device), linger_s
        # torch keeps the number of threads by thread.
        self._thread = ThreadPoolExecutor(1, "sae-packer", torch.set_num_threads, (threads,))
        self._waiting: dict[Hashable, list[Waiting]] = {}
        self._rounds = asyncio.Lock()
        self._in_training: Hashable = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def train(self, message: RequestMessage, y: Array) -> Answer:
        """The SAE of a request with y (n, r), or why there is none; see `Answer`."""
        shape = shape_of(message, y)
        mine = Waiting(message, y, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(shape, []).append(mine)
        if len(self._waiting[shape]) == 1:
            task = asyncio.create_task(self._serve(shape))
            self._tasks.add(task)  # the loop itself holds tasks only weakly
            task.add_done_callback(self._tasks.discard)
        return await mine.answer

    async def _serve(self, shape: Hashable) -> None:
        """Answer all that wait for `shape` when their time has come."""
        await asyncio.sleep(self._linger_s)
        if len(self._waiting[shape]) == 1 and shape != self._in_training:
            _hand_back(self._waiting.pop(shape))
            return
        async with self._rounds:
            self._in_training = shape
            waiting = self._waiting.pop(shape)
            while waiting:
                waiting = await self._round(waiting)
            self._in_training = None

    async def _round(self, waiting: list[Waiting]) -> list[Waiting]:
        """Answer as many as fit; the rest."""
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.run_in_executor(self._thread, self._train, waiting)
        except Exception:
            # Out of memory, for one, which each alone may not be; whose fault it is shows when they are.
            logger.exception("a round of up to %d SAEs failed; each is trained by its asker", len(waiting))
            answers = [None] * len(waiting)
        for one, answer in zip(waiting, answers, strict=False):
            if not one.answer.done():  # its call may have been cancelled
                one.answer.set_result(answer)
        return waiting[len(answers) :]

    def _train(self, waiting: Sequence[Waiting]) -> list[Answer]:
        """Answers for the first of those that wait, as many as fit into memory at once."""
        count = fitting([cost(one.message, one.y) for one in waiting], self._free_bytes())
        if count == 1:
            return [None]
        ys = tensors_of([one.y for one in waiting[:count]])
        requests = [one.message.request(y) for one, y in zip(waiting, ys, strict=False)]
        try:
            results = train_here(requests, self._device)
        except TrialDiverged:
            return [None] * count  # each asker's own training says whether it was its
        finally:
            del ys, requests
            if self._device.type == "cuda":
                torch.cuda.empty_cache()  # what torch keeps for itself the trials beside it cannot use
        return [ResultMessage.of(result, count) for result in results]

    def _free_bytes(self) -> float:
        if self._device.type != "cuda":
            return CPU_ROUND_BYTES
        return GPU_ROUND_SHARE * torch.cuda.mem_get_info(self._device)[0]


def shape_of(message: RequestMessage, y: Array) -> Hashable:
    """Equal for requests that can be trained as one batched product."""
    config = message.config
    kind: str = config.kind  # type: ignore[attr-defined]  # every kind's config names itself
    return (kind, config.width, y.shape, message.epochs, config.batch_size, config.precision)


def cost(message: RequestMessage, y: Array) -> int:
    """About the bytes that a training needs.

    Inputs as they came, scaled and stacked; encoder and decoder with gradient and Adam's two moments; per
    batch some eight arrays of the size of the codes (b, f).
    """
    width, rows = message.config.width, message.config.batch_size
    return 3 * y.nbytes + 4 * (4 * 2 * width * y.shape[1] + 8 * rows * width)


def fitting(costs: Sequence[int], free: float) -> int:
    """How many of the first requests fit into `free` bytes together; at least one."""
    total, count = 0.0, 0
    for each in costs:
        total += each
        if count and total > free:
            break
        count += 1
    return count


def _hand_back(waiting: Sequence[Waiting]) -> None:
    for one in waiting:
        if not one.answer.done():
            one.answer.set_result(None)

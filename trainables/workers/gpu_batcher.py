"""The packer of a GPU: it collects SAE requests of several processes and trains those of one shape together.

A request waits `linger_s` for others of its shape. If none comes and none ever came, it is handed back, and
its asker trains it at once, beside all others that share the GPU: a search over widths has hardly two SAEs of
one shape, and different shapes gain nothing from one process. A shape that was asked for before is trained
here, alone if need be: it is likely to come again, and what comes during a round gathers for the next. Rounds
are trained one after the other, in a thread, so that requests are heard meanwhile.

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
from trainables.sae_training.grouping import stack_key
from trainables.sae_training.local import train_here
from trainables.sae_training.request import SaeOutcome
from trainables.workers.sae_messages import (
    Answer,
    Array,
    Diverged,
    RequestMessage,
    ResultMessage,
    tensors_of,
)

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


class GpuBatcher:
    """Answers `train`; knows nothing of Ray, which runs it as an asynchronous actor."""

    def __init__(self, device: str, threads: int, linger_s: float = LINGER_S) -> None:
        """threads: of torch, as many as each asker was granted."""
        torch.set_num_threads(threads)
        self._device, self._linger_s = torch.device(device), linger_s
        # torch keeps the number of threads by thread.
        self._thread = ThreadPoolExecutor(1, "sae-packer", torch.set_num_threads, (threads,))
        self._waiting: dict[Hashable, list[Waiting]] = {}
        self._rounds = asyncio.Lock()
        self._known: set[Hashable] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def train(self, message: RequestMessage, y: Array) -> Answer:
        """The SAE of a request with y (n, r), or why there is none; see `Answer`."""
        shape = stack_key(message.request(torch.empty(y.shape, device="meta")))
        mine = Waiting(message, y, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(shape, []).append(mine)
        if len(self._waiting[shape]) == 1:
            task = asyncio.create_task(self._serve(shape, is_new=shape not in self._known))
            self._tasks.add(task)  # the loop itself holds tasks only weakly
            task.add_done_callback(self._tasks.discard)
        self._known.add(shape)
        return await mine.answer

    async def _serve(self, shape: Hashable, *, is_new: bool) -> None:
        """Answer all that wait for `shape` when their time has come."""
        await asyncio.sleep(self._linger_s)
        if is_new and len(self._waiting[shape]) == 1:
            _answer(self._waiting.pop(shape), [None])
            return
        async with self._rounds:
            waiting = self._waiting.pop(shape)
            while waiting:
                waiting = await self._round(waiting)

    async def _round(self, waiting: list[Waiting]) -> list[Waiting]:
        """Answer as many as fit; the rest."""
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.run_in_executor(self._thread, self._train, waiting)
        except Exception:
            # Out of memory, for one, which each alone may not be; whose fault it is shows when they are.
            logger.exception("a round of up to %d SAEs failed; each is trained by its asker", len(waiting))
            answers = [None] * len(waiting)
        _answer(waiting, answers)
        return waiting[len(answers) :]

    def _train(self, waiting: Sequence[Waiting]) -> list[Answer]:
        """Answers for the first of those that wait, as many as fit into memory at once."""
        count = fitting([cost(one.message, one.y) for one in waiting], self._free_bytes())
        ys = tensors_of([one.y for one in waiting[:count]])
        requests = [one.message.request(y) for one, y in zip(waiting, ys, strict=False)]
        try:
            return [_message(outcome, count) for outcome in train_here(requests, self._device)]
        finally:
            del ys, requests
            if self._device.type == "cuda":
                torch.cuda.empty_cache()  # what torch keeps for itself the trials beside it cannot use

    def _free_bytes(self) -> float:
        if self._device.type != "cuda":
            return CPU_ROUND_BYTES
        return GPU_ROUND_SHARE * torch.cuda.mem_get_info(self._device)[0]


def cost(message: RequestMessage, y: Array) -> int:
    """About the bytes that a training needs.

    Inputs as they came, scaled and stacked; encoder and decoder with gradient and Adam's two moments; per
    batch some ten arrays of the size of the codes (b, f).
    """
    width, rows = message.config.width, message.config.batch_size
    return 3 * y.nbytes + 4 * (4 * 2 * width * y.shape[1] + 10 * rows * width)


def fitting(costs: Sequence[int], free: float) -> int:
    """How many of the first requests fit into `free` bytes together; at least one."""
    total, count = 0.0, 0
    for each in costs:
        total += each
        if count and total > free:
            break
        count += 1
    return count


def _message(outcome: SaeOutcome, batch: int) -> Answer:
    if isinstance(outcome, TrialDiverged):
        return Diverged(str(outcome))
    return ResultMessage.of(outcome, batch)


def _answer(waiting: Sequence[Waiting], answers: Sequence[Answer]) -> None:
    """Each its own, as far as there are answers."""
    for one, answer in zip(waiting, answers, strict=False):
        if not one.answer.done():  # its call may have been cancelled
            one.answer.set_result(answer)

"""The packer by itself: who is trained with whom, who is handed back, and that each gets its own SAE."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence

import pytest
import torch
from torch import Tensor

from tests.own_thread import apart
from tests.trainables_tests.sae_builders import outputs, sae_config
from trainables import registry
from trainables.sae_training.local import train_alone
from trainables.sae_training.request import SaeRequest, SaeResult
from trainables.workers.gpu_batcher import GpuBatcher, Waiting, cost, fitting
from trainables.workers.sae_messages import (
    Answer,
    Diverged,
    RequestMessage,
    ResultMessage,
    array_of,
    tensors_of,
)

LINGER_S = 0.05
CPU = torch.device("cpu")
HERE = ("cpu", torch.get_num_threads(), LINGER_S)


def asked(seed: int = 0, *, kind: str = "gated", width: int = 16, y: Tensor | None = None) -> SaeRequest:
    config = sae_config(kind, width=width, k=2 + seed % 3, l1=0.1, batch_size=64)
    return SaeRequest(config, outputs(seed=seed) if y is None else y, epochs=2, seed=seed)


def alone(request: SaeRequest) -> SaeResult:
    trained = train_alone(request, CPU)
    assert isinstance(trained, SaeResult)
    return trained


def equal(one: SaeResult, other: SaeResult) -> bool:
    """Whether two trainings came to the same weights and history, bit by bit."""
    mine, its = one.sae.state_dict(), other.sae.state_dict()
    same = mine.keys() == its.keys() and all(torch.equal(mine[name], its[name]) for name in mine)
    return same and one.history == other.history


def ask(packer: GpuBatcher, *requests: SaeRequest) -> list[asyncio.Task[Answer]]:
    """All at once, as far as a loop knows of that."""
    calls = [packer.train(RequestMessage.of(request), array_of(request.y)) for request in requests]
    return [asyncio.create_task(call) for call in calls]


def run(scenario: Callable[[], Awaitable[list[Answer]]]) -> list[Answer]:
    async def within_time() -> list[Answer]:
        return await asyncio.wait_for(scenario(), 60)

    return apart(lambda: asyncio.run(within_time()))


def batch(answer: Answer) -> int:
    return answer.batch if isinstance(answer, ResultMessage) else 0


def test_one_shape_is_one_batch_and_each_gets_the_sae_it_would_have_alone() -> None:
    requests = [asked(seed) for seed in (0, 1, 2)]

    async def scenario() -> list[Answer]:
        return await asyncio.gather(*ask(GpuBatcher(*HERE), *requests))

    answers = run(scenario)
    assert [batch(answer) for answer in answers] == [3, 3, 3]
    for request, answer in zip(requests, answers, strict=True):
        assert isinstance(answer, ResultMessage)
        assert equal(answer.result(request, CPU), alone(request))
    assert not equal(alone(requests[0]), alone(requests[1]))


def test_a_shape_that_nobody_else_wants_is_handed_back_and_does_not_wait_for_other_rounds() -> None:
    class Held(GpuBatcher):
        """Trains only when it is told to."""

        go = threading.Event()

        def _train(self, waiting: Sequence[Waiting]) -> list[Answer]:
            self.go.wait(30)
            return super()._train(waiting)

    async def scenario() -> list[Answer]:
        held = Held(*HERE)
        together = ask(held, asked(0), asked(1))
        (other,) = ask(held, asked(2, width=20))
        answer = await other
        assert not any(task.done() for task in together)
        held.go.set()
        return [answer, *await asyncio.gather(*together)]

    assert [batch(answer) for answer in run(scenario)] == [0, 2, 2]


def test_a_shape_that_comes_again_is_trained_though_it_comes_alone() -> None:
    async def scenario() -> list[Answer]:
        here = GpuBatcher(*HERE)
        (first,) = ask(here, asked(0))
        await first
        (again,) = ask(here, asked(1))
        return [await first, await again]

    first, again = run(scenario)
    assert first is None
    assert isinstance(again, ResultMessage)
    assert again.batch == 1
    assert equal(again.result(asked(1), CPU), alone(asked(1)))


def test_who_comes_while_its_shape_is_in_training_waits_and_is_trained_with_those_who_come_after() -> None:
    class Held(GpuBatcher):
        begun, go = threading.Event(), threading.Event()

        def _train(self, waiting: Sequence[Waiting]) -> list[Answer]:
            self.begun.set()
            self.go.wait(30)
            return super()._train(waiting)

    async def scenario() -> list[Answer]:
        held = Held(*HERE)
        first = ask(held, asked(0), asked(1))
        await asyncio.to_thread(held.begun.wait, 30)
        early = ask(held, asked(2))
        await asyncio.sleep(4 * LINGER_S)
        late = ask(held, asked(3), asked(4))
        await asyncio.sleep(0)
        held.go.set()
        return await asyncio.gather(*first, *early, *late)

    assert [batch(answer) for answer in run(scenario)] == [2, 2, 3, 3, 3]


def test_a_round_holds_what_fits_into_memory_and_the_rest_follows() -> None:
    class Small(GpuBatcher):
        def _free_bytes(self) -> float:
            request = asked()
            return 2.5 * cost(RequestMessage.of(request), array_of(request.y))

    async def scenario() -> list[Answer]:
        return await asyncio.gather(*ask(Small(*HERE), *(asked(seed) for seed in range(5))))

    assert [batch(answer) for answer in run(scenario)] == [2, 2, 2, 2, 1]


@pytest.mark.parametrize(
    ("costs", "free", "count"), [([5], 1, 1), ([1, 1, 1], 3, 3), ([1, 1, 1], 2.9, 2), ([9, 1], 3, 1)]
)
def test_fitting_takes_the_first_that_fit_and_never_none(costs: list[int], free: float, count: int) -> None:
    assert fitting(costs, free) == count


def test_a_round_that_fails_is_handed_back_and_the_next_is_trained() -> None:
    class FailsOnce(GpuBatcher):
        failed = False

        def _train(self, waiting: Sequence[Waiting]) -> list[Answer]:
            if not self.failed:
                self.failed = True
                raise RuntimeError("planted: out of memory")
            return super()._train(waiting)

    async def scenario() -> list[Answer]:
        once = FailsOnce(*HERE)
        lost = await asyncio.gather(*ask(once, asked(0), asked(1)))
        return [*lost, *await asyncio.gather(*ask(once, asked(0), asked(1)))]

    assert [batch(answer) for answer in run(scenario)] == [0, 0, 2, 2]


def test_one_that_diverges_is_told_so_and_the_others_get_their_saes() -> None:
    requests = [asked(0), asked(1, y=torch.full_like(outputs(), torch.inf)), asked(2)]

    async def scenario() -> list[Answer]:
        return await asyncio.gather(*ask(GpuBatcher(*HERE), *requests))

    first, diverged, third = run(scenario)
    assert isinstance(diverged, Diverged)
    assert "the SAE's loss is nan" in diverged.reason
    assert isinstance(first, ResultMessage)
    assert isinstance(third, ResultMessage)
    assert equal(first.result(requests[0], CPU), alone(requests[0]))
    assert equal(third.result(requests[2], CPU), alone(requests[2]))


@pytest.mark.parametrize("kind", registry.SAES)
def test_every_kind_survives_the_journey(kind: str) -> None:
    request = asked(3, kind=kind)
    trained = alone(request)
    back = ResultMessage.of(trained, 1).result(request, CPU)
    assert equal(back, trained)
    assert not back.sae.training
    assert not any(parameter.requires_grad for parameter in back.sae.parameters())
    for one, other in zip(back.sae.encode(request.y), trained.sae.encode(request.y), strict=True):
        assert torch.equal(one, other)


def test_arrays_over_one_memory_become_one_tensor_that_can_be_written_to() -> None:
    shared, other = array_of(outputs(seed=1)), array_of(outputs(seed=2))
    shared.setflags(write=False)
    first, second, third, half = tensors_of([shared, shared[:], other, shared[:10]])
    assert first is second
    assert first is not third
    assert half.shape == (10, first.shape[1])
    first.zero_()
    assert shared.any()

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from trainables.sae_training.kernels import team
from trainables.sae_training.train import train_sae
from trainables.settings.sae import BatchTopKSaeConfig


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_every_entry_is_worked_on_once(size: int) -> None:
    times = [0] * size

    def kernel(start: int, stop: int, amount: int) -> None:
        for i in range(start, stop):
            times[i] += amount

    for work in (0, 10 * team.SMALLEST_PART):
        team.run(kernel, size, work, 3)
    assert times == [6] * size


@pytest.mark.usefixtures("two_threads")
def test_an_error_in_any_part_reaches_the_caller() -> None:
    def kernel(start: int, stop: int) -> None:  # noqa: ARG001
        if start > 0:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        team.run(kernel, 10, 10 * team.SMALLEST_PART)


@pytest.mark.usefixtures("two_threads")
def test_two_threads_train_the_same_sae_each_time() -> None:
    """Large enough for the kernels to be shared; small enough for a second."""
    y = torch.randn(1024, 64, generator=torch.Generator().manual_seed(0))
    config = BatchTopKSaeConfig(width=512, k=16, batch_size=512)
    first, again = (train_sae(config, y, epochs=3, seed=0, device="cpu").sae.state_dict() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)

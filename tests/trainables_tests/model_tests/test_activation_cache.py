"""Activations are computed once while they are held, and what is held stays within its bound."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from trainables import registry
from trainables.config import TrialConfig
from trainables.data.dataset import load_dataset, to_tensors
from trainables.model.activation_cache import ActivationCache, HiddenActivations
from trainables.pipeline.pipeline import Pipeline
from trainables.pipeline.plan import Plan
from trainables.pipeline.step import Step

BYTES = 2 * 4 * 10


class Source:
    """Activations of 10 numbers for train and val each, and how often they were asked for."""

    def __init__(self, value: float = 0.0) -> None:
        self.value, self.computed = value, 0

    def __call__(self) -> HiddenActivations:
        self.computed += 1
        return HiddenActivations(torch.full((5, 2), self.value), torch.full((5, 2), -self.value))


def test_what_is_held_is_not_computed_again() -> None:
    memory, source = ActivationCache(), Source(3.0)
    first = memory.get("a", source)
    assert memory.get("a", source) is first
    assert (source.computed, first.nbytes) == (1, BYTES)


def test_keys_are_kept_apart() -> None:
    memory = ActivationCache()
    for value in (1.0, 2.0, 1.0):
        assert float(memory.get(str(value), Source(value)).train[0, 0]) == value


def test_the_one_asked_for_longest_ago_goes_first() -> None:
    memory, sources = ActivationCache(most_bytes=2 * BYTES), {key: Source() for key in "abc"}
    for key in "abac":
        memory.get(key, sources[key])
    for key in "acb":
        memory.get(key, sources[key])
    assert [sources[key].computed for key in "abc"] == [1, 2, 1]


@pytest.mark.parametrize("most_bytes", [0, BYTES - 1])
def test_too_large_for_the_bound_they_are_given_all_the_same_and_not_kept(most_bytes: int) -> None:
    memory, source = ActivationCache(most_bytes), Source(2.0)
    for _ in range(2):
        assert float(memory.get("a", source).val[0, 0]) == -2.0
    assert source.computed == 2


@pytest.mark.parametrize(
    ("basis", "sae"),
    [(basis, "topk") for basis in registry.BASES if basis != "raw"] + [("raw", sae) for sae in registry.SAES],
)
def test_a_trial_finds_and_leaves_them_as_they_were(basis: str, sae: str) -> None:
    """With and without the memory of trials before it, a trial comes to the same metrics."""
    data = to_tensors(load_dataset("digits", limit=150))
    memory = Remembered()
    plan = Plan(study_seed=0, rungs=1, reduction_factor=3)

    def run(memory: ActivationCache | None) -> list[Step]:
        trial = Pipeline(config, data, plan, cache=None, device="cpu", hidden=memory)
        steps = []
        while not trial.done:
            steps.append(trial.step())
        return steps

    for width in (12, 16):
        config = TrialConfig.model_validate(
            {
                "classifier": {"kind": "mlp", "hidden_size": 8, "epochs": 1},
                "basis": {"kind": basis},
                "sae": {"kind": sae, "width": width, "epochs": 2},
            }
        )
        assert run(memory) == run(None)
    assert memory.asked == 2
    assert len(memory.copies) == 1
    for key, (train, val) in memory.copies.items():
        held = memory.get(key, Source())
        assert torch.equal(held.train, train)
        assert torch.equal(held.val, val)


class Remembered(ActivationCache):
    """Keeps a copy of all that it was given, and counts the questions."""

    def __init__(self) -> None:
        super().__init__()
        self.copies: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
        self.asked = 0

    def get(self, key: str, compute: Callable[[], HiddenActivations]) -> HiddenActivations:
        self.asked += 1
        found = super().get(key, compute)
        self.copies.setdefault(key, (found.train.clone(), found.val.clone()))
        return found

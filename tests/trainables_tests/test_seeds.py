"""A stage's seed is a function of study, replicate and stage, and of nothing else."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from trainables.seeds import child_seed, generator, stage_seed


def test_the_value_is_fixed_for_ever() -> None:
    """A change here silently retrains everything in every cache and unpairs every comparison."""
    assert stage_seed(0, 0, "classifier") == 2_903_823_501_582_547_971


def test_another_process_agrees() -> None:
    code = "from trainables.seeds import stage_seed; print(stage_seed(0, 0, 'classifier'))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(out.stdout) == stage_seed(0, 0, "classifier")


def test_key_order_does_not_matter() -> None:
    assert child_seed({"a": 1, "b": 2}) == child_seed({"b": 2, "a": 1})


def test_every_argument_matters_and_seeds_fit_63_bits() -> None:
    seeds = {
        stage_seed(study, replicate, stage)
        for study in (0, 1)
        for replicate in range(5)
        for stage in ("classifier", "sae")
    }
    assert len(seeds) == 2 * 5 * 2
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_neighbouring_arguments_do_not_run_together() -> None:
    assert child_seed(1, 23) != child_seed(12, 3)
    assert child_seed("a", "b") != child_seed("ab")


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), np.float32(1), {1: "a"}, {"a": [{True: 0}]}, torch.zeros(1)]
)
def test_what_has_no_exact_text_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        child_seed(value)


def test_generators_repeat_and_leave_the_global_state_alone() -> None:
    before = torch.get_rng_state()
    first, second = (torch.rand(4, generator=generator(7)) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)

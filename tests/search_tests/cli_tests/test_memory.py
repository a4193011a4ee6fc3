"""What --dry-run says of memory, against sums made by hand and against a training that is measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from search.cli.memory import Sizes, first_trial, largest_trial, refuse_what_cannot_fit
from search.errors import SpaceError
from search.space.loader import load_text
from search.study.study import Study
from tests.search_tests.cli_tests.test_dry_run import told
from tests.search_tests.space_texts import with_trial

SIZES = Sizes(train=1000, val=200, test=300, pixels=784)
SPACE = (
    "  classifier: {hidden_size: {choice: [16, 64]}}\n"
    "  basis: {kind: {choice: [raw, pca]}, components: {int: [4, 9]}}\n"
    "  sae: {kind: topk, width: {log_int: [32, 4096]}, k: 4}\n"
)


def study(body: str = SPACE) -> Study:
    return load_text(with_trial(body), "x").study


def test_the_largest_draw_by_hand() -> None:
    memory = largest_trial(study(), SIZES)
    assert (memory.hidden_size, memory.width) == (64, 4096)
    assert memory.trial_bytes == 4 * (1200 * 64 + 200 * 4096 + 784 * 64 + 4 * 4096 * 4)
    assert SIZES.shared_bytes == 2 * 4 * 1500 * 784


def test_without_components_the_sae_reads_all_units() -> None:
    memory = first_trial(study("  classifier: {hidden_size: 64}\n  sae: {width: 128}\n"), SIZES)
    assert memory.trial_bytes == 4 * (1200 * 64 + 200 * 128 + 784 * 64 + 4 * 128 * 64)


def test_what_cannot_fit_is_refused_with_what_it_takes() -> None:
    needed = SIZES.shared_bytes + largest_trial(study(), SIZES).trial_bytes
    refuse_what_cannot_fit(study(), SIZES, needed)
    with pytest.raises(SpaceError, match=r"the largest trial .* sae.width 4096") as error:
        refuse_what_cannot_fit(study(), SIZES, needed - 1)
    assert error.value.exit_code == 2
    with pytest.raises(SpaceError, match=r"the first trial .* 1,500 images of 784 pixels"):
        refuse_what_cannot_fit(study(), SIZES, SIZES.shared_bytes)


def test_the_dry_run_tells_it() -> None:
    large = Sizes(train=60_000, val=10_000, test=10_000, pixels=224 * 224)
    text = told(study(), {"CPU": 2.0}, None, large)
    assert "at least 30 GiB for the images" in text
    assert "for the largest that can be drawn" in text
    assert "with 2 of these at once" in text
    assert "at least" not in told(study(), {"CPU": 2.0})


MEASURED = r"""
import re
from pathlib import Path

import torch
from search.cli.memory import Sizes, first_trial
from search.execution.search_run import plan_of
from search.space.loader import load_text
from search.study.study import default_params
from tests.search_tests.space_texts import with_trial
from trainables.data.dataset import load_dataset, to_tensors
from trainables.pipeline.pipeline import Pipeline

def peak():  # of this program alone; getrusage counts what the process was before its exec, too
    return 1024 * int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])

body = "  classifier: {hidden_size: 512, epochs: 1}\n  sae: {kind: topk, width: 16384, k: 4, epochs: 1}\n"
study = load_text(with_trial(body), "x").study
dataset = load_dataset("digits")
torch.set_num_threads(1)
before = peak()
config = study.trial_config(default_params(study))
pipeline = Pipeline(config, to_tensors(dataset), plan_of(study), cache=None, device=torch.device("cpu"))
pipeline.step()
print((peak() - before) / first_trial(study, Sizes.of(dataset)).trial_bytes)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_a_training_takes_no_less_than_is_told() -> None:
    done = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 1 < float(done.stdout) < 20

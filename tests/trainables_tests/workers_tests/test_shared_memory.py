"""Trials on memory that ends the process when written to: workers share the images they train on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from dataclasses import replace
from pathlib import Path
import numpy as np
from trainables.config import TrialConfig
from trainables.data.dataset import Split, load_dataset, to_tensors
from trainables.pipeline.pipeline import Pipeline
from trainables.pipeline.plan import Plan
from trainables.registry import CONCEPT_TABLES
from trainables.settings.auxiliary import AuxiliaryConfig

folder = Path(sys.argv[1])

def sealed(array, name):
    np.save(folder / name, array)
    return np.load(folder / name, mmap_mode="r")  # its pages are mapped without the right to write

def sealed_split(split, name):
    return Split(sealed(split.images, f"{name}-images.npy"), sealed(split.labels, f"{name}-labels.npy"))

whole = load_dataset("digits", limit=200)
train, val = sealed_split(whole.train, "train"), sealed_split(whole.val, "val")
data = to_tensors(replace(whole, train=train, val=val))
if sys.argv[2] == "write":
    data.train.images[0, 0, 0] = 1.0
plan = Plan(study_seed=0, rungs=1, reduction_factor=2)
every_term = {
    name: 0.01
    for name, field in AuxiliaryConfig.model_fields.items()
    if field.default == 0 and field.annotation is float
}
for auxiliary in ({}, {**every_term, "concept_table": next(iter(CONCEPT_TABLES))}):
    config = TrialConfig.model_validate(
        {
            "classifier": {"kind": "mlp", "hidden_size": 16, "epochs": 2},
            "basis": {"kind": "whitened_pca", "components": 8},
            "sae": {"kind": "topk", "width": 32, "k": 4, "epochs": 2},
            "auxiliary": auxiliary,
        }
    )
    trial = Pipeline(config, data, plan, cache=None, device="cpu")
    while not trial.done:
        trial.step()
print("unharmed")
"""


def _train(folder: Path, what: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), what],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )


def test_a_trial_with_every_loss_writes_to_no_image(tmp_path: Path) -> None:
    done = _train(tmp_path, "train")
    assert (done.returncode, done.stdout) == (0, "unharmed\n"), done.stderr


def test_a_write_would_have_been_noticed(tmp_path: Path) -> None:
    assert _train(tmp_path, "write").returncode in (-signal.SIGSEGV, -signal.SIGBUS)

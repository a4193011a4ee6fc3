"""The arms of a verdict on planted images, trained: studies/concepts/arms.csv.

    python -m studies.concepts.train_arms [--replicates 12] [--out studies/concepts/arms.csv]

Three sets whose verdict is known beforehand, because the images are drawn (`trainables.data.planted`):

    parts      the strokes that the images are made of, in groups that come together: half of them helps to
               find the other half, by construction. USEFUL
    random     random functions of the image, others for every replicate. A useless set
    too_much   the parts at a weight that leaves nothing for the class. HARMFUL
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from analysis.concept_verdict.arms import SMALL, written
from analysis.concept_verdict.rule import ACCURACY, CONTROLS, FVU, NONE, PRIMARY, REAL, Rule
from search.execution.recorded_session import plan_of
from search.space.loader import load_text
from search.study.study import Study
from trainables.concepts.controls import random_functions
from trainables.data.dataset import Dataset, ImageData, load_dataset, to_tensors
from trainables.pipeline.pipeline import Pipeline

DATA = {"parts": 24, "per_image": 7, "classes": 4, "images": 6000, "correlation": 0.9, "noise": 0.3}
METRICS = (PRIMARY, ACCURACY, FVU, "concepts/supervised_f1_skill")
ARMS = (NONE, REAL, *CONTROLS)
WEIGHT, TOO_MUCH = 1.0, 1000.0
COLUMNS = ("set", "arm", "replicate", *METRICS)


def planted_bits(dataset: Dataset) -> np.ndarray:
    """Which parts are there, of train, val and test one after the other: (n, parts) bool."""
    assert dataset.truth is not None
    return np.concatenate(dataset.truth.strengths) > 0


def write_table(path: Path, bits: np.ndarray) -> None:
    """A concept set for `auxiliary.concept_table`."""
    np.savez(path, concepts=bits, names=np.array([f"part/{i}" for i in range(bits.shape[1])]))


def space_text(table: Path, replicates: int, weight: float) -> str:
    """The verdict's space on the planted images, small enough for hundreds of trials."""
    base = load_text(
        f"name: planted\nquestion: Which arm?\ndata: {{name: planted, {_flow(DATA)}}}\n"
        f"objectives: [{{metric: probe/accuracy, mode: max}}]\ntrial: {SMALL}\n",
        "planted",
    ).study
    return written(str(table), base, replicates, weight, Rule(), 0)


def rows(replicates: int) -> Iterator[dict[str, object]]:
    """Every trial of every set, one after the other."""
    dataset = load_dataset("planted", settings=DATA)
    data, bits = to_tensors(dataset), planted_bits(dataset)
    images = np.concatenate([part.images for part in (dataset.train, dataset.val, dataset.test)])
    with tempfile.TemporaryDirectory() as folder:
        for replicate in range(replicates):
            parts, random = Path(folder) / "parts.npz", Path(folder) / f"random{replicate}.npz"
            write_table(parts, bits)
            write_table(random, random_functions(bits, images, np.random.default_rng(replicate)))
            for name, table, weight, arms in (
                ("parts", parts, WEIGHT, ARMS),
                ("random", random, WEIGHT, ARMS),
                ("too_much", parts, TOO_MUCH, ARMS),
            ):
                study = load_text(space_text(table, replicates, weight), name).study
                for arm in arms if name != "too_much" or replicate < replicates // 2 else ():
                    metrics = trained(study, data, arm, replicate)
                    yield {"set": name, "arm": arm, "replicate": replicate} | {m: metrics[m] for m in METRICS}


def trained(study: Study, data: ImageData, arm: str, replicate: int) -> dict[str, float]:
    """The metrics of one arm's trial."""
    config = study.trial_config({"direction": "default" if arm == NONE else arm, "replicate": replicate})
    pipeline = Pipeline(config, data, plan_of(study), cache=None, device="cpu")
    while not pipeline.done:
        step = pipeline.step()
    return step.metrics


def main() -> None:
    """Train and write, a row as soon as it is there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--replicates", type=int, default=12)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("arms.csv"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    with options.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows(options.replicates):
            writer.writerow({k: round(v, 6) if isinstance(v, float) else v for k, v in row.items()})
            file.flush()
            sys.stderr.write(f"{row}\n")


def _flow(settings: dict[str, float]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in settings.items())


if __name__ == "__main__":
    main()

"""What each metric costs, and what share of a trial that is.

    python benchmarks/metrics.py [--data NAME] [--width N] [--threads N]

The data are MNIST where SAE_SEARCH_DATA says where it lies, else digits. Models are trained for a moment
only, since the cost of a metric hardly depends on how good they are; a trial's time is one epoch of each
stage times the default configuration's epochs, summed over three rungs. References are computed once for
every classifier. On a busy machine read the processor's seconds (all threads together), not the clock's;
shares are of those.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from trainables.classifier.trainer import ClassifierTrainer
from trainables.config import TrialConfig
from trainables.data.dataset import ImageData, load_dataset, to_tensors
from trainables.metrics import (
    background_sensitivity,
    clusters,
    junk,
    probe,
    probe_sparse,
    redundancy,
    selectivity_statistics,
    splice,
)
from trainables.metrics.catalog import measured_at
from trainables.metrics.clusters import measured_mean_codes
from trainables.metrics.entries.selectivity_statistics import CURVES
from trainables.metrics.evaluate import compute_references, evaluate, evaluate_alone
from trainables.metrics.inputs import MetricInputs, ReferenceInputs
from trainables.metrics.measured import Measured, measure
from trainables.model.decoder_rows import decoder_rows
from trainables.model.feature_model import FeatureModel
from trainables.pipeline.fidelity import rung_epochs
from trainables.sae_training.train import train_sae
from trainables.settings.sae import TopKSaeConfig
from trainables.stages.fitting import fit_basis
from trainables.stages.runner import StageRunner

RUNGS, FACTOR = 3, 3
SAE_EPOCHS = 2


@dataclass(frozen=True)
class Took:
    """Seconds by the clock and of the processor."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Row:
    """A line of the table; `times` is how often a trial pays for it, 0 where it is part of another."""

    name: str
    took: Took
    times: float


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    default = "mnist" if os.environ.get("SAE_SEARCH_DATA") else "digits"
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--data", default=default)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--limit", type=int, help="keep at most so many images of each split")
    parser.add_argument("--confirm", action="store_true", help="also time what only a confirmation computes")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    data = to_tensors(load_dataset(options.data, limit=options.limit), device)
    config = TrialConfig(sae=TopKSaeConfig(width=options.width))
    say(f"{options.data}, {len(data.train)} images, width {options.width}, ")
    say(f"{options.threads} threads, {device}\n\n")
    model, untrained, training = train(config, data, device)
    splits = (data.train.images, data.train.labels, data.val.images, data.val.labels)
    took, measured = timed(lambda: measure(model, *splits))
    report(training, [Row("one pass over train and val", took, RUNGS), *cost(measured, untrained)], measured)
    if options.confirm:
        took, _ = timed(lambda: evaluate_alone(measured_at("confirm"), measured, untrained, 0))
        say(f"{'only in a confirmation':44}{took.wall:9.2f}{took.cpu:9.2f}\n")


def train(config: TrialConfig, data: ImageData, device: str) -> tuple[FeatureModel, Any, float]:
    """A briefly trained model, an untrained hidden layer, and the estimated training time of a trial."""
    stages = StageRunner(0, 0, None, torch.device(device))
    trainer = ClassifierTrainer(config.classifier, config.auxiliary, data, 0, torch.device(device))
    trainer.train_epoch()
    classifier, _ = timed(trainer.train_epoch)
    network = trainer.network.eval()
    with torch.no_grad():
        h = torch.cat([network.hidden(part) for part in data.train.images.split(8192)])
    basis, _ = fit_basis(stages, config.basis, lambda: h, network.hidden_size, "")
    y = basis.encode(h)
    sae, result = timed(lambda: train_sae(config.sae, y, epochs=SAE_EPOCHS, seed=0, device=device))
    epochs = sum(rung_epochs(config.sae.epochs, RUNGS, FACTOR))
    total = classifier.cpu * config.classifier.epochs + sae.cpu / SAE_EPOCHS * epochs
    untrained = ClassifierTrainer(config.classifier, config.auxiliary, data, 1, torch.device(device)).network
    return FeatureModel(network, basis, result.sae), untrained.hidden, total


def cost(measured: Measured, untrained: Any) -> list[Row]:
    """Every metric by itself, and the groups that a trial pays for."""
    a, z, model = measured.activations, measured.val_z, measured.model
    fitted = (measured.row_codes, a.row_labels, z, a.val_labels, a.n_classes)
    rows = decoder_rows(model, z.shape[1], z.device)
    at_rungs, at_the_end = measured_at("rung"), measured_at("final")
    rung_took, rung = timed(lambda: compute_references(at_rungs, ReferenceInputs(a, untrained, 0)))
    final_took, final = timed(lambda: compute_references(at_the_end, ReferenceInputs(a, untrained, 0)))

    def inputs() -> MetricInputs:
        return MetricInputs(measured, {**rung, **final}, untrained, 0)

    def latents(x: torch.Tensor) -> torch.Tensor:
        return model.encode(model.hidden(x))[0]

    rung_parts: dict[str, Callable[[], Any]] = {
        "  probe/accuracy": lambda: probe.probe_accuracy(*fitted),
        "  splice/*": lambda: splice.splice(model.head, a.val_h, measured.val_h_hat, a.val_labels),
        "  attribution/junk*": lambda: junk.latent_junk(
            latents, z, measured.alive, a.val_images, a.val_labels, 0
        ),
        "  attribution/background_sensitivity": lambda: background_sensitivity.of_latents(measured, 0),
    }
    embedding = inputs().reference(CURVES)["embedding"].to(z)
    final_parts: dict[str, Callable[[], Any]] = {
        "  probe/svm_accuracy": lambda: probe.probe_accuracy(*fitted, loss=probe.squared_hinge),
        "  probe/k1, k2, k5": lambda: probe_sparse.sparse_probe_accuracies(*fitted),
        "  sae/decoder_redundancy": lambda: redundancy.redundancy(rows, measured.alive),
        "  selectivity/csi, f1, monosemanticity": lambda: selectivity_statistics.statistics(
            measured.row_codes, a.row_labels, a.n_classes, embedding
        ),
        "  cluster/*": lambda: clusters.cluster_scores(*fitted, 0),
    }
    judged = timed(lambda: evaluate(at_rungs, inputs()))[0]
    finished = timed(lambda: evaluate(at_the_end, inputs()))[0]
    return [
        Row("rung references (cached per classifier)", rung_took, RUNGS),
        Row("rung metrics", judged, RUNGS),
        *(Row(name, timed(part)[0], 0) for name, part in rung_parts.items()),
        Row("final references (cached per classifier)", final_took, 1),
        Row("final metrics", finished, 1),
        *(Row(name, timed(part)[0], 0) for name, part in final_parts.items()),
        Row("mean codes", timed(lambda: measured_mean_codes(measured, 0))[0], 1),
    ]


def report(training: float, rows: list[Row], measured: Measured) -> None:
    """The table: seconds once, and the share of a trial of three rungs."""
    total = training + sum(row.took.cpu * row.times for row in rows)
    say(f"{'':44}{'clock':>9}{'cpu':>9}{'a trial':>9}{'share':>8}\n")
    say(f"{'training, estimated':44}{'':18}{training:9.1f}{training / total:8.1%}\n")
    for row in rows:
        paid = row.took.cpu * row.times
        share = f"{paid:9.1f}{paid / total:8.1%}" if row.times else ""
        say(f"{row.name:44}{row.took.wall:9.2f}{row.took.cpu:9.2f}{share}\n")
    say(f"{'a trial of ' + str(RUNGS) + ' rungs':44}{'':18}{total:9.1f}\n")
    say(f"\nalive latents: {int(measured.alive.sum())} of {len(measured.alive)}\n")


def timed(work: Callable[[], Any]) -> tuple[Took, Any]:
    """How long the work takes, and its result."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return Took(time.perf_counter() - wall, time.process_time() - cpu), result


def say(text: str) -> None:
    """Standard output, at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()

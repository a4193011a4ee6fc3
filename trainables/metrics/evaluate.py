"""The values of metrics for one trained pipeline, and the references that they are compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import isfinite

import torch
from torch import Tensor

from trainables.errors import TrialDiverged
from trainables.foreign import code_digest, is_foreign
from trainables.metrics.inputs import MetricInputs, ReferenceInputs
from trainables.metrics.measured import Measured
from trainables.metrics.metric import Metric, Reference


@torch.no_grad()
def evaluate(metrics: Iterable[Metric], inputs: MetricInputs) -> dict[str, float]:
    """Every number of the metrics whose needs are met, as finite floats.

    Raises TrialDiverged, naming the number, if one is not finite.
    """
    values: dict[str, float] = {}
    for metric in metrics:
        if inputs.given.issuperset(metric.needs):
            values |= finite(metric.measure(inputs))
    return values


def evaluate_alone(
    metrics: Iterable[Metric],
    measured: Measured,
    untrained: Callable[[Tensor], Tensor],
    seed: int,
) -> dict[str, float]:
    """`evaluate` with references computed on the spot; arguments as `MetricInputs` has them."""
    wanted = tuple(metrics)
    references = compute_references(wanted, ReferenceInputs(measured.activations, untrained, seed))
    return evaluate(wanted, MetricInputs(measured, references, untrained, seed))


def references_of(metrics: Iterable[Metric]) -> dict[str, Reference]:
    """Name -> reference, of all that the metrics read, each once. Raises ValueError for two of one name."""
    found: dict[str, Reference] = {}
    for metric in metrics:
        for reference in metric.reads:
            if found.setdefault(reference.name, reference) is not reference:
                raise ValueError(f"two references are called {reference.name}; one is read by {metric.name}")
    return found


def reference_versions(metrics: Iterable[Metric]) -> dict[str, int | str]:
    """What a cache key of the metrics' references must hold: names and versions, and the code of others."""
    return {
        name: f"{reference.version} {code_digest(reference.compute)}"
        if is_foreign(reference.compute)
        else reference.version
        for name, reference in references_of(metrics).items()
    }


@torch.no_grad()
def compute_references(metrics: Iterable[Metric], inputs: ReferenceInputs) -> dict[str, Tensor]:
    """All that the metrics read, as plain tensors on the CPU, for `MetricInputs.references`."""
    return {
        f"{name}:{own}": tensor.cpu()
        for name, reference in references_of(metrics).items()
        for own, tensor in reference.compute(inputs).items()
    }


def finite(metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics as floats; TrialDiverged, naming the metric, if one is not finite."""
    for name, value in metrics.items():
        if not isfinite(value):
            raise TrialDiverged(f"{name} is {value}, not a finite number")
    return {name: float(value) for name, value in metrics.items()}

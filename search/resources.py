"""How many trials run at once, and what each is granted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from search.errors import ClusterError
from search.study import Resources


@dataclass(frozen=True)
class Grant:
    """What one trial occupies, with "auto" resolved."""

    cpu: float
    gpu: float

    @property
    def threads(self) -> int:
        """Torch threads: as many as CPUs were granted, at least one."""
        return max(1, int(self.cpu))


def grant(resources: Resources, available: Mapping[str, float]) -> Grant:
    """Resolve `gpu: auto`: every trial that fits on the CPUs gets an equal share of the GPUs, at most one.

    Raises ClusterError with have and need if not even one trial fits.
    """
    cpus, gpus = available.get("CPU", 0.0), available.get("GPU", 0.0)
    if resources.cpu > cpus:
        raise ClusterError(
            f"a trial asks for {resources.cpu:g} CPUs (resources.cpu), the cluster has {cpus:g}"
        )
    if resources.gpu == "auto":
        share = gpus / max(1.0, cpus // resources.cpu)
        return Grant(resources.cpu, min(1.0, share))
    if resources.gpu > gpus:
        raise ClusterError(
            f"a trial asks for {resources.gpu:g} GPUs (resources.gpu), the cluster has {gpus:g}"
        )
    return Grant(resources.cpu, resources.gpu)


def places(granted: Grant, available: Mapping[str, float]) -> int:
    """Trials that fit at once, at least one."""
    by_cpu = available.get("CPU", 0.0) / granted.cpu
    by_gpu = available.get("GPU", 0.0) / granted.gpu if granted.gpu else by_cpu
    # A share like 1/3 of a GPU must count three times, not 2.9999 times.
    return max(1, int(min(by_cpu, by_gpu) + 1e-9))


def resources_of_this_machine() -> dict[str, float]:
    """Cores this process may use, and GPUs that the driver shows, found without importing torch."""
    found = {
        "CPU": float(
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        )
    }
    gpus = [node for node in Path("/dev").glob("nvidia[0-9]*") if node.name.removeprefix("nvidia").isdigit()]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        chosen = [name for name in visible.split(",") if name.strip() and name.strip() != "-1"]
        gpus = gpus[: len(chosen)]
    return {**found, "GPU": float(len(gpus))} if gpus else found

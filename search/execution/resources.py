"""How many trials run at once, and what each is granted. A trial runs on one node."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from search.errors import ClusterError
from search.study.sections import Resources

NodeResources = Mapping[str, float]
"""What one node has in all, busy or not: {"CPU": 8.0, "GPU": 1.0}."""


@dataclass(frozen=True)
class GrantedResources:
    """What one trial occupies, with "auto" resolved."""

    cpu: float
    gpu: float

    @property
    def threads(self) -> int:
        """Torch threads: as many as CPUs were granted, at least one."""
        return max(1, int(self.cpu))


def resolve(resources: Resources, nodes: Sequence[NodeResources]) -> GrantedResources:
    """Resolve `gpu: auto`; whether a trial fits anywhere is not asked.

    Where nodes have GPUs, a trial gets the largest share with which each of these nodes still fills its
    CPUs, at most one device; nodes without a GPU are then left alone, as every trial is granted the same.
    """
    if resources.gpu != "auto":
        return GrantedResources(resources.cpu, resources.gpu)
    shares = [
        gpus / (cpus // resources.cpu)
        for node in nodes
        if (gpus := node.get("GPU", 0.0)) and (cpus := node.get("CPU", 0.0)) >= resources.cpu
    ]
    return GrantedResources(resources.cpu, min(1.0, *shares) if shares else 0.0)


def grant(resources: Resources, nodes: Sequence[NodeResources]) -> GrantedResources:
    """What a trial is granted on these nodes.

    Raises ClusterError with have and need if no node fits a single trial.
    """
    granted = resolve(resources, nodes)
    if not places(granted, nodes):
        raise ClusterError(too_big(granted, nodes))
    return granted


def places(granted: GrantedResources, nodes: Sequence[NodeResources]) -> int:
    """Trials that fit at once, node by node; CPUs of two nodes do not add up to one trial's."""
    return sum(_places_of(granted, node) for node in nodes)


def too_big(granted: GrantedResources, nodes: Sequence[NodeResources]) -> str:
    """Why no trial fits: what it needs beside what the largest node has."""
    where = "this node has" if len(nodes) == 1 else f"the largest of {len(nodes)} nodes has"
    for name, need in (("CPU", granted.cpu), ("GPU", granted.gpu)):
        most = max((node.get(name, 0.0) for node in nodes), default=0.0)
        if need > most:
            return f"a trial asks for {need:g} {name}s (resources.{name.lower()}), {where} {most:g}"
    return (
        f"a trial asks for {granted.cpu:g} CPUs and {granted.gpu:g} GPUs on one node; "
        f"none of {len(nodes)} nodes has both"
    )


def _places_of(granted: GrantedResources, node: NodeResources) -> int:
    by_cpu = node.get("CPU", 0.0) / granted.cpu
    by_gpu = node.get("GPU", 0.0) / granted.gpu if granted.gpu else by_cpu
    # A share like 1/3 of a GPU must count three times, not 2.9999 times.
    return int(min(by_cpu, by_gpu) + 1e-9)


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

"""Granting CPUs and shares of GPUs, node by node."""

from __future__ import annotations

import pytest

from search.errors import ClusterError
from search.execution.resources import GrantedResources, NodeResources, grant, places
from search.study.sections import Resources

HEAD: NodeResources = {"CPU": 2.0, "memory": 1e9}
GPU_NODE: NodeResources = {"CPU": 8.0, "GPU": 2.0}


@pytest.mark.parametrize(
    ("asked", "have", "granted", "n_places"),
    [
        (Resources(), [{"CPU": 2.0}], GrantedResources(1.0, 0.0), 2),
        (Resources(cpu=0.5), [{"CPU": 2.0}], GrantedResources(0.5, 0.0), 4),
        (Resources(cpu=3), [{"CPU": 8.0}], GrantedResources(3.0, 0.0), 2),
        (Resources(), [{"CPU": 3.0, "GPU": 1.0}], GrantedResources(1.0, 1 / 3), 3),
        (Resources(), [{"CPU": 2.0, "GPU": 8.0}], GrantedResources(1.0, 1.0), 2),
        (Resources(gpu=0.25), [{"CPU": 16.0, "GPU": 1.0}], GrantedResources(1.0, 0.25), 4),
        (Resources(gpu=0), [{"CPU": 2.0, "GPU": 1.0}], GrantedResources(1.0, 0.0), 2),
        # Several nodes: three CPUs of eight on each, and not five times three of sixteen.
        (Resources(cpu=3), [{"CPU": 8.0}, {"CPU": 8.0}], GrantedResources(3.0, 0.0), 4),
        (Resources(cpu=2), [{"CPU": 1.0}, {"CPU": 5.0}, {"memory": 1e9}], GrantedResources(2.0, 0.0), 2),
        # GPU nodes take all trials and fill their CPUs; the least generous of them sets the share.
        (Resources(), [HEAD, GPU_NODE], GrantedResources(1.0, 0.25), 8),
        (Resources(), [GPU_NODE, {"CPU": 8.0, "GPU": 1.0}], GrantedResources(1.0, 0.125), 16),
        # A GPU beside too few CPUs is of no use.
        (Resources(cpu=4), [{"CPU": 8.0}, {"CPU": 2.0, "GPU": 1.0}], GrantedResources(4.0, 0.0), 2),
        (Resources(gpu=0.5), [HEAD, GPU_NODE], GrantedResources(1.0, 0.5), 4),
    ],
)
def test_grants_and_places(
    asked: Resources, have: list[NodeResources], granted: GrantedResources, n_places: int
) -> None:
    assert grant(asked, have) == granted
    assert places(granted, have) == n_places


@pytest.mark.parametrize(
    ("asked", "have", "message"),
    [
        (Resources(cpu=999), [HEAD], r"asks for 999 CPUs \(resources.cpu\), this node has 2"),
        (Resources(cpu=3), [HEAD, HEAD], r"asks for 3 CPUs \(resources.cpu\), the largest of 2 nodes has 2"),
        (
            Resources(gpu=3),
            [HEAD, GPU_NODE],
            r"asks for 3 GPUs \(resources.gpu\), the largest of 2 nodes has 2",
        ),
        (
            Resources(cpu=9, gpu=1),
            [{"CPU": 16.0}, GPU_NODE],
            "9 CPUs and 1 GPUs on one node; none of 2 nodes has both",
        ),
    ],
)
def test_what_never_fits_is_refused_with_have_and_need(
    asked: Resources, have: list[NodeResources], message: str
) -> None:
    with pytest.raises(ClusterError, match=message):
        grant(asked, have)


def test_threads_follow_the_cpus() -> None:
    assert [GrantedResources(cpu, 0).threads for cpu in (0.25, 1, 2.5, 4)] == [1, 1, 2, 4]

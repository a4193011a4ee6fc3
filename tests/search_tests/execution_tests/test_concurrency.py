"""Places for trials while nodes come and go, on a clock of the test's own."""

from __future__ import annotations

import json

import pytest

from search.errors import ClusterError, Halt
from search.execution.concurrency import GROWS_WITHIN_S, LOOK_EVERY_S, NODE_COMES_WITHIN_S, ConcurrencyLimiter
from search.execution.nodes import has_node_types
from search.execution.resources import NodeResources
from search.study.sections import Resources

NODE: NodeResources = {"CPU": 4.0}
HEAD: NodeResources = {"CPU": 0.0}


class Cluster:
    """Nodes and a clock that a test moves; counts how often it was asked."""

    def __init__(self, *nodes: NodeResources) -> None:
        self.nodes = list(nodes)
        self.now = 1000.0
        self.asked = 0

    def look(self) -> list[NodeResources]:
        self.asked += 1
        return self.nodes

    def capacity(self, resources: Resources, *, autoscales: bool = False) -> ConcurrencyLimiter:
        return ConcurrencyLimiter(resources, self.look, autoscales, clock=lambda: self.now)


def test_places_follow_the_nodes_and_are_looked_up_seldom() -> None:
    cluster = Cluster(NODE)
    capacity = cluster.capacity(Resources(cpu=2))
    assert capacity.concurrency() == 2
    cluster.nodes.append(NODE)
    cluster.now += LOOK_EVERY_S / 2
    assert capacity.concurrency() == 2
    cluster.now += LOOK_EVERY_S / 2
    assert [capacity.concurrency() for _ in range(100)] == [4] * 100
    assert cluster.asked == 2
    cluster.nodes.clear()
    cluster.now += LOOK_EVERY_S
    assert capacity.concurrency() == 1  # one waits, so that Tune does not


def test_a_trial_that_fits_nowhere_is_refused_at_once() -> None:
    with pytest.raises(ClusterError, match="the largest of 2 nodes has 4"):
        Cluster(HEAD, NODE).capacity(Resources(cpu=5))


def test_an_autoscaler_is_given_time_and_demand() -> None:
    cluster = Cluster(HEAD)
    capacity = cluster.capacity(Resources(cpu=4), autoscales=True)
    assert capacity.concurrency() == 1  # no place yet, one trial that waits for it
    cluster.now += NODE_COMES_WITHIN_S[True] - 1
    capacity.check()
    cluster.nodes.append(NODE)
    cluster.now += LOOK_EVERY_S
    capacity.check()
    assert capacity.concurrency() == 2  # one runs, one waits
    cluster.nodes += [NODE] * 3
    cluster.now += LOOK_EVERY_S
    assert capacity.concurrency() == 8  # it may double
    cluster.now += GROWS_WITHIN_S
    assert capacity.concurrency() == 5  # it did not for long: a single trial waits
    cluster.nodes.append(NODE)
    cluster.now += LOOK_EVERY_S
    assert capacity.concurrency() == 10


@pytest.mark.parametrize("autoscales", [False, True])
def test_a_search_whose_last_node_is_gone_ends(autoscales: bool) -> None:
    cluster = Cluster(HEAD, NODE)
    capacity = cluster.capacity(Resources(cpu=1), autoscales=autoscales)
    cluster.now += 10_000
    capacity.check()  # nodes were there all the time, only nobody asked
    cluster.nodes.remove(NODE)
    cluster.now += NODE_COMES_WITHIN_S[autoscales]
    capacity.check()
    cluster.now += LOOK_EVERY_S
    with pytest.raises(Halt, match=r"no node for a trial has come for .*this node has 0") as halt:
        capacity.check()
    assert halt.value.cause.exit_code == 5


def test_who_autoscales_is_told_by_the_names_of_node_types() -> None:
    by_hand = {"autoscaler_report": {"active_nodes": {"node_1a2b": 1, "node_3c4d": 1}}}
    scaled = {"autoscaler_report": {"active_nodes": {"head": 1}, "idle_nodes": None}}
    assert not has_node_types(None)
    assert not has_node_types(json.dumps({"load_metrics_report": {}}).encode())
    assert not has_node_types(json.dumps(by_hand).encode())
    assert has_node_types(json.dumps(scaled).encode())

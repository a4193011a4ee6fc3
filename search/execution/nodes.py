"""What Ray says of the cluster's nodes, and whether it starts more of them by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from search.errors import Halt, SpaceError
from search.execution.resources import NodeResources


def nodes() -> list[dict[str, float]]:
    """Resources of every node that lives."""
    import ray

    return [dict(node["Resources"]) for node in ray.nodes() if node["Alive"]]


def autoscales() -> bool:
    """Whether an autoscaler watches this cluster; False if it cannot be told."""
    if Path("~/ray_bootstrap_config.yaml").expanduser().exists():  # the head of `ray up`
        return True
    from ray.autoscaler.v2.utils import is_autoscaler_v2
    from ray.experimental.internal_kv import _internal_kv_get, internal_kv_get_gcs_client

    if is_autoscaler_v2(fetch_from_server=True, gcs_client=internal_kv_get_gcs_client()):
        return True
    return has_node_types(_internal_kv_get("__autoscaling_status"))


def has_node_types(status: bytes | None) -> bool:
    """Whether a status report of Ray's monitor names node types.

    A cluster that was put together by hand has a monitor too; it calls every node a type of its own,
    after the node's id.
    """
    if not status:
        return False
    report: dict[str, Any] = json.loads(status).get("autoscaler_report") or {}
    types = {*(report.get("active_nodes") or {}), *(report.get("idle_nodes") or {})}
    return any(not name.startswith("node_") for name in types)


def on_one_disk(
    nodes: Callable[[], Sequence[NodeResources]], *, is_shared: bool
) -> Callable[[], Sequence[NodeResources]]:
    """`nodes`, which raises Halt carrying a SpaceError where trials of an unshared run would be scattered."""

    def looked_at() -> Sequence[NodeResources]:
        found = nodes()
        if len(found) > 1 and not is_shared:
            raise Halt(
                SpaceError(
                    f"the cluster has {len(found)} nodes, each with a disk of its own: say with --storage "
                    "where all of them can write, a shared folder or s3://bucket/prefix"
                )
            )
        return found

    return looked_at

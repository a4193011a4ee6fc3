"""Nodes have disks of their own: a search on more than one needs storage that all of them see."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from search.errors import SpaceError
from search.interruption import Halt
from search.resources import NodeResources


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

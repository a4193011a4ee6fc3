"""A Ray cluster of several nodes on this machine, in a process of its own.

python -m tests.search_tests.nodes CPUS CPUS ... starts one node for each number, the head first, then obeys
lines on stdin: `add CPUS`, `kill N` (SIGKILL, without a farewell). It ends with its stdin.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
OBJECT_STORE_BYTES = 100 * 2**20


class Nodes:
    """Handle on the process; nodes are counted from 0, the head."""

    def __init__(self, process: subprocess.Popen[str], environment: dict[str, str]) -> None:
        self._process = process
        self.environment = environment
        self.address: str = self._answer()

    def add(self, cpus: int) -> None:
        """One more node; returns when it has joined."""
        self._tell(f"add {cpus}")

    def kill(self, number: int) -> None:
        """SIGKILL to all daemons of a node."""
        self._tell(f"kill {number}")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("answer "):
                return str(json.loads(line.removeprefix("answer ")))
        raise AssertionError("the cluster's process ended")


@contextmanager
def nodes(*cpus: int) -> Iterator[Nodes]:
    """A cluster with these CPUs, gone at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="sae-nodes-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "RAY_AUTH_MODE": "disabled", "RAY_TMPDIR": folder}
        environment |= {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.search_tests.nodes", *map(str, cpus)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
            cwd=ROOT,
        )
        try:
            yield Nodes(process, environment)
        finally:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            process.wait(60)
            process.stdout.close()


def main(cpus: list[str]) -> None:
    """Start the nodes and obey."""
    from ray.cluster_utils import Cluster

    cluster = Cluster()
    started: list[Any] = [_add(cluster, n) for n in cpus]
    _say(cluster.address)
    for line in sys.stdin:
        command, value = line.split()
        if command == "add":
            started.append(_add(cluster, value))
        else:
            _kill(started[int(value)])
        _say("done")
    cluster.shutdown()


def _add(cluster: Any, cpus: str) -> Any:
    return cluster.add_node(
        num_cpus=int(cpus), object_store_memory=OBJECT_STORE_BYTES, include_dashboard=False
    )


def _kill(node: Any) -> None:
    """A machine that loses its power says nothing."""
    for infos in node.all_processes.values():
        for info in infos:
            os.kill(info.process.pid, signal.SIGKILL)
            info.process.wait()


def _say(what: str) -> None:
    sys.stdout.write(f"answer {json.dumps(what)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])

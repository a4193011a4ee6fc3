"""The head of a Ray cluster with its job server, in a process of its own; and a proxy that drops."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-of-at-least-a-few-characters"


class Head:
    """Addresses of the job server and of Ray itself; home is the home folder of its jobs."""

    def __init__(self, port: int, dashboard_port: int, home: Path) -> None:
        self.address = f"http://127.0.0.1:{dashboard_port}"
        self.port = dashboard_port
        self.gcs = f"127.0.0.1:{port}"
        self.home = home


@contextmanager
def job_head() -> Iterator[Head]:
    """A head of two CPUs that wants TOKEN, gone at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="sae-head-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        home.mkdir()
        port, dashboard_port, agent_port = free_ports(3)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        environment.pop("PYTHONPATH", None)
        environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN, "RAY_TMPDIR": folder}
        environment |= {"RAY_USAGE_STATS_ENABLED": "0", "HOME": str(home)}
        environment |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        log = Path(folder) / "start.txt"
        with log.open("w") as out:
            process = subprocess.Popen(
                [
                    Path(sys.executable).parent / "ray",
                    *("start", "--head", "--block", "--num-cpus=2", "--disable-usage-stats"),
                    *("--node-ip-address=127.0.0.1", f"--port={port}", "--include-dashboard=true"),
                    *("--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard_port}"),
                    *(f"--dashboard-agent-listen-port={agent_port}", "--object-store-memory=100000000"),
                ],
                stdout=out,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        try:
            head = Head(port, dashboard_port, home)
            _wait_for(head, process, log)
            yield head
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # its own session: nobody else's processes


def _wait_for(head: Head, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until a job can be submitted: the server, and the agent that starts jobs."""
    request = urllib.request.Request(f"{head.address}/nodes?view=summary")
    request.add_header("Authorization", f"Bearer {TOKEN}")
    deadline = time.monotonic() + 120
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=5) as answer:
            if json.load(answer)["data"]["summary"]:
                return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.3)


def free_ports(n: int) -> list[int]:
    """Ports of loopback on which nobody listens."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


class DroppingProxy:
    """Passes bytes on to a port of loopback, until `drop` cuts every connection that there is."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.refuses = False
        self.address = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def drop(self) -> None:
        """Cut what is open; more may come."""
        while self._open:
            one = self._open.pop()
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def close(self) -> None:
        """No more connections."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.drop()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            if self.refuses:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._port))
            self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

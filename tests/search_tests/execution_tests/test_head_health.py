"""Real ports and sockets that stop answering."""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from search.errors import Halt
from search.execution.head_health import HeadHealth
from search.execution.ray_session import Session


@pytest.fixture
def head() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield server


@pytest.fixture
def node() -> Iterator[tuple[socket.socket, str]]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, socket.socket(socket.AF_UNIX) as server:
        path = str(Path(folder) / "raylet")
        server.bind(path)
        server.listen(128)
        yield server, path


def _address(server: socket.socket) -> str:
    host, port = server.getsockname()
    return f"{host}:{port}"


def _wait_until_lost(watch: HeadHealth) -> str:
    deadline = time.monotonic() + 60
    while watch.lost is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert watch.lost is not None
    return watch.lost


def test_a_silent_head_is_lost_after_its_time_of_grace(
    head: socket.socket, node: tuple[socket.socket, str], tmp_path: Path
) -> None:
    watch = HeadHealth(_address(head), node[1], lost_after_s=0.2, every_s=0.01)
    session = Session(tmp_path)
    session.watch = watch
    time.sleep(0.3)
    session.check()
    assert session.is_cluster
    head.close()
    assert "head 127.0.0.1" in _wait_until_lost(watch)
    with pytest.raises(Halt, match="the Ray cluster was lost: its head") as halt:
        session.check()
    assert halt.value.cause.exit_code == 5


def test_a_node_without_its_daemon_is_lost_at_once(
    head: socket.socket, node: tuple[socket.socket, str]
) -> None:
    watch = HeadHealth(_address(head), node[1], lost_after_s=1000, every_s=0.01)
    node[0].close()
    assert _wait_until_lost(watch).startswith("its node")


def test_a_closed_watch_asks_no_more(head: socket.socket) -> None:
    watch = HeadHealth(_address(head), None, lost_after_s=0, every_s=0.01)
    watch.close()
    time.sleep(0.1)
    head.close()
    time.sleep(0.1)
    assert watch.lost is None

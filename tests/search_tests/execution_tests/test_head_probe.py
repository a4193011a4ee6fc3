"""Addresses at which no Ray head is; the last test asks a real gRPC server."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from search.errors import ClusterError
from search.execution import head_health
from search.execution.head_health import probe


@pytest.fixture
def mute() -> Iterator[str]:
    """A port where somebody listens and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def web() -> Iterator[str]:
    """A web server, as Ray's dashboard is one."""
    with http.server.HTTPServer(("127.0.0.1", 0), _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(http.server.BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the screen."""


def test_a_port_that_says_nothing_is_nobody(mute: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_health, "ANSWERS_WITHIN_S", 0.2)
    with pytest.raises(ClusterError, match="nobody answers there") as error:
        probe(mute)
    assert error.value.exit_code == 5


def test_auto_is_asked_too(mute: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_health, "ANSWERS_WITHIN_S", 0.2)
    monkeypatch.setenv("RAY_ADDRESS", mute)
    with pytest.raises(ClusterError, match=rf"{mute}: nobody answers"):
        probe("auto")


def test_a_web_server_is_not_a_head(web: str) -> None:
    with pytest.raises(ClusterError, match=r"not the head of a Ray cluster, whose port is 6379"):
        probe(web)


def test_a_server_of_grpc_may_be_a_head() -> None:
    with ThreadPoolExecutor(1) as pool:
        server = grpc.server(pool)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        probe(f"127.0.0.1:{port}")
        server.stop(None).wait()

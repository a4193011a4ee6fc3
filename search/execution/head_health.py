"""Noticing that a cluster's head is gone, from outside Ray.

Ray's own calls to a dead head block for a minute, after which it ends the process with a code of its own.
A thread therefore asks the head's port, and the socket of the node that this driver is connected to.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable

from search.errors import ClusterError

ASK_EVERY_S = 2.0
ANSWERS_WITHIN_S = 5.0
LOST_AFTER_S = 20.0
"""A head that is started again elsewhere, as Kubernetes does, may be away for a moment."""


class HeadHealth:
    """Asks in a thread until closed; `lost` says since when and what does not answer."""

    def __init__(
        self,
        head: str,
        node_socket: str | None,
        lost_after_s: float = LOST_AFTER_S,
        every_s: float = ASK_EVERY_S,
    ) -> None:
        """head: HOST:PORT; node_socket: path of the local node's socket, asked too if there is one."""
        host, _, port = head.rpartition(":")
        self._asks: list[tuple[str, Callable[[], None], float]] = [
            (f"head {head}", lambda: _ask_port(host.strip("[]"), int(port)), lost_after_s)
        ]
        if node_socket is not None:
            # Nobody restarts a node under a driver.
            self._asks.append(("node", lambda: _ask_socket(node_socket), 0.0))
        self._every_s = every_s
        self._over = threading.Event()
        self.lost: str | None = None
        threading.Thread(target=self._watch, daemon=True).start()

    def close(self) -> None:
        """Stop asking the head whether it lives."""
        self._over.set()

    def _watch(self) -> None:
        answered = {name: time.monotonic() for name, _, _ in self._asks}
        while not self._over.wait(self._every_s):
            for name, ask, patience in self._asks:
                try:
                    ask()
                    answered[name] = time.monotonic()
                except OSError as error:
                    silent = time.monotonic() - answered[name]
                    if silent >= patience:
                        self.lost = f"its {name} has not answered for {silent:.0f} s ({error})"
                        return


def _ask_port(host: str, port: int) -> None:
    socket.create_connection((host, port), timeout=ANSWERS_WITHIN_S).close()


def _ask_socket(path: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        asked.settimeout(ANSWERS_WITHIN_S)
        asked.connect(path)


ANSWERS_WITHIN_S = 5.0
# What a client of HTTP/2, gRPC's transport, says first (RFC 9113, 3.4): the preface and empty settings.
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
_SETTINGS = 4
_FRAME_HEADER = 9


def probe(address: str) -> None:
    """Raise ClusterError unless a server of Ray's kind answers at `address`: HOST:PORT or "auto"."""
    if address == "auto":
        found = _address_of_this_machine()
        if found is None:
            return  # Ray says so itself, at once
        address = found
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise ClusterError(f"--address {address!r}: use local, auto, or HOST:PORT of the cluster's head")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWERS_WITHIN_S) as asked:
            answer = b"" if os.environ.get("RAY_USE_TLS") == "1" else _first_frame(asked)
    except OSError as error:
        raise ClusterError(
            f"--address {address}: nobody answers there ({error}). Is the cluster up?"
        ) from None
    if answer and (len(answer) < _FRAME_HEADER or answer[3] != _SETTINGS):
        raise ClusterError(
            f"--address {address}: what answers there is not the head of a Ray cluster, whose port is 6379 "
            "unless it was started with another"
        )


def _first_frame(asked: socket.socket) -> bytes:
    asked.sendall(_HELLO)
    answer = b""
    while len(answer) < _FRAME_HEADER:
        more = asked.recv(_FRAME_HEADER - len(answer))
        if not more:
            return answer or b"\0"
        answer += more
    return answer


def _address_of_this_machine() -> str | None:
    from ray._private.services import get_ray_address_from_environment

    try:
        found = str(get_ray_address_from_environment("auto", None))
    except ConnectionError:
        return None
    return None if "://" in found else found

"""Asking an address whether a Ray head is there, before Ray itself is asked.

Ray waits for minutes on a port where nobody, or somebody else, answers, and may then abort the process.
"""

from __future__ import annotations

import os
import socket

from search.errors import ClusterError

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

"""Noticing that a cluster's head is gone, from outside Ray.

Ray's own calls to a dead head block for a minute, after which it ends the process with a code of its own.
A thread therefore asks the head's port, and the socket of the node that this driver is connected to.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

ASK_EVERY_S = 2.0
ANSWERS_WITHIN_S = 5.0
LOST_AFTER_S = 20.0
"""A head that is started again elsewhere, as Kubernetes does, may be away for a moment."""


class HeadWatch:
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
        """Ask no more."""
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

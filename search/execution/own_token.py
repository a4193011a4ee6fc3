"""A secret that everybody must show who talks to a local Ray.

Its daemons listen on loopback, where every user of the machine may connect, and whoever reaches the control
store can have code run as the driver's user. Ray's token authentication closes it; the token is made for one
session, lies in the session's scratch folder, and only this user can read it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAMES = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_TOKEN")


@contextmanager
def own_token(folder: Path) -> Iterator[None]:
    """Make a token in `folder`, and let this process and its children show it and ask for it."""
    path = folder / "token"
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, secrets.token_hex(32).encode())
    finally:
        os.close(file)
    before = {name: os.environ.pop(name, None) for name in NAMES}
    os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN_PATH=str(path))
    _read_again()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        _read_again()


def _read_again() -> None:
    """Ray keeps mode and token after the first look."""
    from ray._raylet import AuthenticationTokenLoader, Config  # type: ignore[attr-defined]  # Cython

    Config.initialize("")
    AuthenticationTokenLoader.instance().reset_cache()

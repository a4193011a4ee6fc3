"""What Ray would do otherwise than we need while it starts, each changed for the length of a block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from search.errors import Halt


@contextmanager
def loopback_stays_loopback() -> Iterator[None]:
    """Ray takes 127.0.0.1 as it stands, and not for another word for the machine's outer address."""
    import ray._private.services as services

    original = services.resolve_ip_for_localhost
    services.resolve_ip_for_localhost = lambda host: host
    try:
        yield
    finally:
        services.resolve_ip_for_localhost = original


@contextmanager
def without_the_dashboard() -> Iterator[None]:
    """Ray starts as where its dashboard's packages are missing, as they are where only its core is installed.

    It would else import all of them, for seconds, to hear whether it could start a dashboard that nobody
    asked for, and start agents that serve one.
    """
    import ray._private.utils as utils

    original = utils.get_dashboard_dependency_error
    utils.get_dashboard_dependency_error = lambda: ImportError("no dashboard is asked for")
    try:
        yield
    finally:
        utils.get_dashboard_dependency_error = original


@contextmanager
def lives_when_it_connects(check: Callable[[], None]) -> Iterator[None]:
    """Look at the daemons once more, by `check`, right before the process registers with them.

    Ray's library ends a process whose raylet dies meanwhile, without a word.
    """
    import ray._raylet as compiled

    library: Any = compiled

    original = library.CoreWorker

    def connect(*arguments: Any, **how: Any) -> Any:
        try:
            check()
        except Halt as halt:  # as what a start that failed raises, so that it is tried again
            raise ConnectionError(str(halt)) from None
        return original(*arguments, **how)

    library.CoreWorker = connect
    try:
        yield
    finally:
        library.CoreWorker = original

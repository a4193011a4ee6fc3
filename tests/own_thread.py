"""A thread for what runs an event loop of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def apart(call: Callable[[], T]) -> T:
    """The call's result. Playwright's browser, once started, keeps a loop running in the tests' thread, in
    which no other can run."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(call).result()

"""Following a job's log over a connection that may drop, until the job ends, with its exit code."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import TextIO

from search.errors import ClusterError, ExitCode
from search.jobs.server import JobServer, JobState, Unreachable

GIVE_UP_AFTER_S = 600.0
_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)


class Follower:
    """Writes each character of the log once, whatever happens to the connection."""

    def __init__(
        self,
        server: JobServer,
        job: str,
        out: TextIO,
        say: Callable[[str], None],
        give_up_after_s: float = GIVE_UP_AFTER_S,
    ) -> None:
        self._server = server
        self._job = job
        self._out = out
        self._say = say
        self._give_up_after_s = give_up_after_s
        self._written = 0
        self._last_contact = time.monotonic()
        self._failures = 0

    def follow(self) -> int:
        """Returns the exit code of the job's command.

        Raises ClusterError if the job came to no command, or the head is out of reach for ten minutes.
        """
        while True:
            try:
                state = self._server.state(self._job)
                if state.ended:
                    self._write(self._server.log(self._job))
                    return exit_code(state)
                self._connected()
                asyncio.run(self._stream())
                time.sleep(_PAUSES_S[0])  # the stream may end a moment before the job's state says so
            except Unreachable as error:
                self._wait(error)

    async def _stream(self) -> None:
        """Each connection gets the log from its beginning."""
        text = ""
        async with aclosing(self._server.tail(self._job)) as pieces:  # type: ignore[type-var]
            async for piece in pieces:
                text += piece
                self._write(text)
                self._last_contact = time.monotonic()

    def _write(self, text: str) -> None:
        """What of the log, known from its beginning up to here, is not written yet."""
        if len(text) > self._written:
            self._out.write(text[self._written :])
            self._out.flush()
            self._written = len(text)

    def _connected(self) -> None:
        if self._failures:
            self._say("connected again")
        self._failures = 0
        self._last_contact = time.monotonic()

    def _wait(self, error: Unreachable) -> None:
        away = time.monotonic() - self._last_contact
        if away > self._give_up_after_s:
            raise ClusterError(
                f"{self._server.address}: out of reach for {away / 60:.0f} minutes ({error}); "
                "the job may go on there"
            )
        if not self._failures:
            self._say(f"connection lost ({error}); trying again, the job goes on")
        time.sleep(_PAUSES_S[min(self._failures, len(_PAUSES_S) - 1)])
        self._failures += 1


def exit_code(state: JobState) -> int:
    """Of the job's command; raises ClusterError where the cluster could not run or finish it."""
    if state.exit_code is not None and state.exit_code >= 0:
        return state.exit_code
    if state.status == "SUCCEEDED":
        return ExitCode.DONE
    if state.status == "STOPPED":
        return ExitCode.SIGTERM
    raise ClusterError(f"the job failed on the cluster: {state.message.strip() or 'it does not say why'}")


def say(message: str) -> None:
    """Say it on stderr: stdout has the job's log."""
    print(message, file=sys.stderr, flush=True)  # noqa: T201

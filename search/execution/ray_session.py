"""Starting and stopping Ray: local or a cluster, quiet, and closed to the network.

A local Ray is told that its address is 127.0.0.1. Ray by itself turns that into the machine's outer
address, whereupon every daemon listens on all interfaces; `loopback_stays_loopback` is the one place
that prevents it, and a test lists the sockets.
"""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import psutil

from search.console.report_error import report
from search.errors import ClusterError, Halt, SearchError
from search.execution.cluster_versions import mismatch, mismatch_in
from search.execution.head_health import HeadHealth, probe
from search.execution.own_modules import refuse_namesakes
from search.execution.own_token import own_token
from search.execution.ray_scratch import guarded, has_spoken, make, processes_of
from search.execution.ray_startup import (
    lives_when_it_connects,
    loopback_stays_loopback,
    without_the_dashboard,
)
from search.run_dir.last_words import epitaph, say_last_words

_ENVIRONMENT = {
    "RAY_AIR_NEW_OUTPUT": "0",  # with verbose=0: Tune prints nothing
    "RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_TRAIN_COUNT_PREEMPTION_AS_FAILURE": "1",  # all retries are the searcher's, see tune_hooks
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000",  # its snapshots are never read
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_THRESHOLD_S": "1000",
}
STUCK_AFTER_S = 25.0
TRIES_HERE = 3
_NEEDED = {"raylet", "gcs_server"}
"""Daemons without which there is no Ray; others, a log monitor for instance, may die without harm."""


class Session:
    """A Ray that runs, or starts: its scratch folder, and a look at whether it is still there."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.watch: HeadHealth | None = None
        """Of the cluster that this process joined; None for a Ray of its own."""
        self._seen: set[str] = set()

    @property
    def is_cluster(self) -> bool:
        """Whether this Ray was there before."""
        return self.watch is not None

    def check(self) -> None:
        """Raise Halt carrying a ClusterError if the daemons this process started, or the cluster, are gone.

        Ray's own reaction to that is to end the whole process, some time later and without a word.
        """
        if self.watch is not None and self.watch.lost is not None:
            raise Halt(ClusterError(f"the Ray cluster was lost: {self.watch.lost}"))
        dead = self._dead()
        if dead:
            raise Halt(ClusterError(f"Ray was lost: its {', '.join(dead)} died"))

    def _dead(self) -> list[str]:
        import ray._private.worker as ray_worker

        node = ray_worker._global_node
        if node is not None:
            return sorted(name for name, _ in node.dead_processes() if name in _NEEDED)
        # While it starts, Ray does not say: those that were seen and are no more.
        alive = {child.name() for child in psutil.Process().children() if _lives(child)}
        self._seen |= alive & _NEEDED
        return sorted(self._seen - alive)

    def starts_anew(self) -> None:
        """The daemons of a start that failed have been ended."""
        self._seen.clear()

    def leave_if_stuck(self, over: threading.Event) -> None:
        """End the process when Ray is gone and nobody noticed in time: a call to a dead head blocks for a
        minute, after which Ray ends the process with a code of its own. Runs in a thread until `over`."""
        noticed = 0.0
        while not over.wait(1.0):
            try:
                self.check()
                noticed = 0.0
            except Halt as halt:
                noticed = noticed or time.monotonic()
                if time.monotonic() - noticed >= STUCK_AFTER_S:
                    _leave(halt.cause, self.scratch)


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def _leave(error: SearchError, scratch: Path) -> None:
    has_spoken(scratch)
    say_last_words(error)
    code = report(error)
    sys.stderr.flush()
    os._exit(code)


@contextmanager
def ray_session(address: str, n_cpus: int | None = None) -> Iterator[Session]:
    """Ray for the length of the block.

    `address` is "local", "auto" (the cluster this machine belongs to), or host:port of its head.
    Raises ClusterError if the cluster cannot be reached, SpaceError as `refuse_namesakes` does.
    """
    refuse_namesakes(Path.cwd())
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if address != "local":
        probe(address)
    scratch = make()
    try:
        with guarded(scratch, epitaph()), own_token(scratch) if address == "local" else nullcontext():
            yield from _session(address, scratch, n_cpus)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _session(address: str, scratch: Path, n_cpus: int | None) -> Iterator[Session]:
    import ray  # after the environment is set: Ray reads parts of it on import

    over = threading.Event()
    session = Session(scratch)
    try:
        _send_messages_to_the_log()
        threading.Thread(target=session.leave_if_stuck, args=(over,), daemon=True).start()
        _start(address, session, n_cpus)
        session.watch = None if address == "local" else _watch_head()
        yield session
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise ClusterError(f"Ray was lost: {_first_line(error)}") from error
    finally:
        if address == "local":
            _end_here(scratch)
        else:
            ray.shutdown()
        over.set()
        if session.watch is not None:
            session.watch.close()


def _start(address: str, session: Session, n_cpus: int | None) -> None:
    """Start a local Ray or connect to a cluster's; ClusterError says why it could not.

    A local one is tried again: on a busy machine Ray's daemons may not come up within the half minute that
    Ray allows them, or be ended by somebody, and then do the next time.
    """
    import ray

    tries = TRIES_HERE if address == "local" else 1
    for left in reversed(range(tries)):
        try:
            if address == "local":
                _start_here(session, n_cpus)
            else:
                ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
            return
        except Exception as error:  # Ray raises bare ones, "timed out during startup" for instance
            if address == "local":
                _end_here(session.scratch)
                session.starts_anew()
            versions = mismatch_in(str(error))
            if versions is not None:
                raise mismatch(address, *versions) from None
            if left:
                logging.getLogger("search").warning("Ray did not start, trying again: %s", _first_line(error))
                continue
            what = "cannot start Ray here" if address == "local" else "cannot connect to a Ray cluster"
            times = f", tried {tries} times" if tries > 1 else ""
            raise ClusterError(
                f"--address {address}: {what}{times}: {_first_line(error)}{_hint(address)}"
            ) from None


def _start_here(session: Session, n_cpus: int | None) -> None:
    import ray

    with loopback_stays_loopback(), without_the_dashboard(), lives_when_it_connects(session.check):
        ray.init(
            address="local",
            _node_ip_address="127.0.0.1",
            _temp_dir=str(session.scratch / "r"),  # Ray opens its folder, and the sockets in it, to everybody
            # Ray puts the interpreter's path into a shell command without quoting it.
            runtime_env={"py_executable": shlex.quote(sys.executable)},
            include_dashboard=False,
            num_cpus=n_cpus,
            logging_level=logging.ERROR,
            log_to_driver=False,
        )


def _end_here(scratch: Path) -> None:
    """End a Ray of our own, or what a start that failed has left of one.

    Ray alone asks one daemon after the other to leave, and waits up to two seconds for each; none of them has
    anything to lose.
    """
    import ray
    import ray._private.worker as ray_worker

    node = ray_worker._global_node
    if node is not None:
        reap = node.kill_all_processes

        def end_all(**_how: Any) -> None:
            _kill(processes_of(scratch))
            reap(check_alive=False, allow_graceful=False)

        node.kill_all_processes = end_all
    ray.shutdown()
    _kill(processes_of(scratch))


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.kill()


def _hint(address: str) -> str:
    """A head says nothing to who does not show its token, and Ray not that this is why."""
    if address == "local" or os.environ.get("RAY_AUTH_MODE") == "token":
        return ""
    return ". If the cluster wants a token: RAY_AUTH_MODE=token, and the token in RAY_AUTH_TOKEN"


def _watch_head() -> HeadHealth:
    import ray
    import ray._private.worker as ray_worker

    node = ray_worker._global_node
    return HeadHealth(ray.get_runtime_context().gcs_address, node.raylet_socket_name if node else None)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _send_messages_to_the_log() -> None:
    """Ray writes to stderr, and its daemons' words to stdout, where the result belongs: all to the log."""
    import ray._private.worker as ray_worker

    ray_logger = logging.getLogger("ray")
    ray_logger.handlers.clear()
    ray_logger.propagate = True

    def log(data: Any, ignore_prefix: bool) -> None:  # noqa: ARG001
        logging.getLogger("ray").error("%s", "\n".join(data["lines"]))

    ray_worker.print_to_stdstream = log

"""`search/run.py --address http://HEAD:8265`: the same command, run as a job on a cluster's head."""

from __future__ import annotations

import shlex
import sys
from importlib.metadata import version
from pathlib import Path

from search.cli.options import DEFAULT_OUT, Follow, New, Options, Resume
from search.commands import python_command
from search.errors import ClusterError, ExitCode, SpaceError
from search.execution.cluster_versions import refuse_other_ray
from search.jobs.follow import Follower, say
from search.jobs.package import Package, code_package, space_package
from search.jobs.server import JobServer, Unreachable, require_extra, token
from search.space.loader import load_study
from trainables.foreign import folders_in_use

OUT_ON_THE_HEAD = "sae-search-runs"
"""In the home folder there. A job's working folder is removed some time after its end."""
STOP_WITHIN_S = 30
"""Ray's 3 s are too few to stop trials and to bring the last of a run to its storage."""


def run_as_job(options: Options) -> int:
    """Submit, then follow unless detached; or follow a job of before. Returns the job's exit code."""
    require_extra()
    mode = options.mode
    server = JobServer(options.address, token())
    try:
        refuse_other_ray(server.address, server.version(), version("ray"))
        job = mode.job if isinstance(mode, Follow) else _submit(server, options)
    except Unreachable as error:
        raise ClusterError(
            f"--address {options.address}: nobody answers there ({error}). Is the cluster up, and the port "
            "forwarded (ray dashboard cluster.yaml)?"
        ) from None
    again = python_command("search/run.py", "--address", server.address, "--follow", job)
    if options.detach:
        sys.stdout.write(f"{job}\n")
        say(f"follow: {again}\nstop:   ray job stop --address {server.address} {job}")
        return ExitCode.DONE
    if not isinstance(mode, Follow):
        say(f"job {job}\nstop:   ray job stop --address {server.address} {job}")
    try:
        return Follower(server, job, sys.stdout, say).follow()
    except KeyboardInterrupt:
        say(f"\nthe job goes on. Follow it: {again}")
        return ExitCode.SIGINT
    except ClusterError as error:
        error.add_note(f"follow again: {again}")
        raise


def _submit(server: JobServer, options: Options) -> str:
    _refuse_what_stays_here(options)
    package = _package(options)
    environment: dict[str, object] = {"env_vars": {"RAY_JOB_STOP_WAIT_TIME_S": str(STOP_WITHIN_S)}}
    if package is not None:
        sent = server.upload(package.name, package.content)
        size = f"{package.n_files} files, {len(package.content) / 2**10:.0f} KiB"
        say(f"sent {size}" if sent else f"{size}: on the cluster already")
        environment["working_dir"] = package.uri
    return server.submit(entrypoint(options, package), environment)


def _package(options: Options) -> Package | None:
    mode = options.mode
    if isinstance(mode, New):
        load_study(mode.space, mode.overrides)  # mistakes are told here and now
    space = mode.space if isinstance(mode, New | Resume) else None
    if options.code == "upload":
        return code_package(Path(__file__).resolve().parents[2], space, code=folders_in_use())
    return space_package(space, folders_in_use()) if space is not None else None


def entrypoint(options: Options, package: Package | None) -> str:
    """The job's shell command. `exec`, so that a signal for the job reaches the search alone and at once."""
    program = ["-m", "search.run"] if options.code == "installed" else ["search/run.py"]
    words = ["exec", "python", *program]
    words += [package.space] if package is not None and package.space is not None else []
    mode = options.mode
    assert isinstance(mode, New | Resume)  # the others need no job of their own
    for override in mode.overrides:
        words += ["--set", override]
    given: dict[str, object] = {"--trials": mode.trials}
    if isinstance(mode, New):
        given |= {"--seed": mode.seed, "--name": mode.name}
    else:
        given["--resume"] = mode.run
        words += ["--take-over"] if mode.take_over else []
        words += ["--retry-failed"] if mode.retry_failed else []
    given["--storage"] = options.storage
    for name, value in given.items():
        words += [name, str(value)] if value is not None else []
    words += ["--json"] if options.json else []
    out = f'"$HOME"/{OUT_ON_THE_HEAD}' if options.out == DEFAULT_OUT else shlex.quote(str(options.out))
    return f"{shlex.join([*words, '--address', 'auto'])} --out {out}"


def _refuse_what_stays_here(options: Options) -> None:
    """Paths that mean something only on this machine. Raises SpaceError."""
    places = {
        "--resume": options.mode.run if isinstance(options.mode, Resume) else None,
        "--storage": options.storage,
    }
    if options.out != DEFAULT_OUT:
        places["--out"] = str(options.out)
    for name, place in places.items():
        if place is not None and "://" not in place and not place.startswith("/") and place != "none":
            raise SpaceError(
                f"{name} {place}: a job runs on the cluster's head, where this path means nothing; "
                "give a URI (s3://bucket/prefix) or an absolute path of the head"
            )

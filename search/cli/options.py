"""The options of `python search/run.py`, their help, and what they may be combined with."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from search.cli.parser import parser_of, positive
from search.commands import ROOT, python_command
from search.formatting import shown
from search.version import VERSION

EXAMPLES = """\
examples:
  python search/run.py spaces/sae.yaml                         search on the embedded digits
  python search/run.py spaces/sae.yaml --dry-run               what would be searched; starts nothing
  python search/run.py spaces/mnist.yaml --set data.root=~/data
  python search/run.py spaces/sae.yaml --set 'trial.sae.k={int: [2, 6]}' --trials 80 --seed 1
  python search/run.py --resume runs/sae-20260101-120000       go on after Ctrl-C, a crash or kill -9
  python search/run.py --resume runs/sae-20260101-120000 --trials 200
  python search/run.py --reproduce runs/sae-20260101-120000 17 train trial 17 again and compare
  python search/run.py spaces/sae.yaml --address auto --storage s3://bucket/runs      on a cluster
  python search/run.py --resume s3://bucket/runs/sae-20260101-120000    its head died: go on elsewhere
  python search/run.py spaces/sae.yaml --address http://HEAD:8265 --storage s3://bucket/runs    as a job
  python search/run.py --address http://HEAD:8265 --follow raysubmit_1dxCeNvG1fCMVNHG

exit codes:
  0 done   1 internal error   2 usage or space file   3 too many trials failed   4 no trial completed
  5 cluster   6 run directory exists or is in use   7 data missing or corrupt   8 disk   130, 143 stopped

The result goes to stdout, progress to stderr.
"""


DEFAULT_OUT = Path("runs")


@dataclass(frozen=True)
class New:
    """Search a space from its beginning."""

    space: Path
    overrides: tuple[str, ...] = ()
    trials: int | None = None
    seed: int | None = None
    name: str | None = None


@dataclass(frozen=True)
class Resume:
    """Go on with a run."""

    run: str
    """Its directory, or its place on shared storage."""
    space: Path | None = None
    """Says how much is spent from now on, and where the images lie."""
    overrides: tuple[str, ...] = ()
    """Of where the images lie."""
    trials: int | None = None
    take_over: bool = False
    retry_failed: bool = False


@dataclass(frozen=True)
class Reproduce:
    """Train one trial again and compare."""

    run: Path
    trial: int


@dataclass(frozen=True)
class Follow:
    """Follow a job that was submitted before."""

    job: str


Mode = New | Resume | Reproduce | Follow


@dataclass(frozen=True)
class Options:
    """The command line, typed: what to do, and how."""

    mode: Mode
    out: Path = DEFAULT_OUT
    address: str = "local"
    storage: str | None = None
    dry_run: bool = False
    json: bool = False
    report: bool = True
    """Whether a finished search makes its report by itself."""
    detach: bool = False
    code: str = "upload"

    @property
    def is_job(self) -> bool:
        """Whether the cluster's head does the work."""
        return self.address.startswith(("http://", "https://"))


def parse(arguments: list[str] | None = None) -> Options:
    """Read the command line; prints usage and exits with 2 where it is wrong."""
    parser = _parser()
    got = parser.parse_args(arguments)
    modes = [name for name in ("resume", "reproduce", "follow") if getattr(got, name) is not None]
    if got.space is None and not modes:
        example = python_command("search/run.py", shown(ROOT / "spaces" / "sae.yaml"))
        parser.error(f"which space file? For example: {example}")
    if len(modes) >= 2:
        parser.error(f"--{modes[0]} and --{modes[1]} do different things; give one of them")
    moved = ("data.root=", "data.path=") if got.resume is not None else ()
    changed = [override for override in got.overrides if not override.startswith(moved)]
    if modes and (changed or got.seed is not None or got.name):
        parser.error(
            f"--{modes[0]} takes the study as it was: --set, --seed and --name do not go with it"
            + (", but for data.root and data.path, where the same images lie now" if moved else "")
        )
    if got.reproduce and (got.space is not None or got.trials or got.dry_run or got.address != "local"):
        parser.error("--reproduce reads the study from the run and trains here: give it nothing but --json")
    if got.reproduce and got.storage is not None:
        parser.error("--reproduce writes nothing that --storage could share")
    for option in ("take_over", "retry_failed"):
        if getattr(got, option) and got.resume is None:
            parser.error(f"--{option.replace('_', '-')} goes with --resume")
    if got.dry_run and got.json:
        parser.error("--dry-run has no result that --json could print")
    _check_job_options(parser, got)
    return Options(
        _mode(parser, got),
        out=got.out,
        address=got.address,
        storage=got.storage,
        dry_run=got.dry_run,
        json=got.json,
        report=not got.no_report,
        detach=got.detach,
        code=got.code or "upload",
    )


def _mode(parser: argparse.ArgumentParser, got: argparse.Namespace) -> Mode:
    overrides = tuple(got.overrides)
    if got.resume is not None:
        return Resume(got.resume, got.space, overrides, got.trials, got.take_over, got.retry_failed)
    if got.follow is not None:
        return Follow(got.follow)
    if got.reproduce is None:
        return New(got.space, overrides, got.trials, got.seed, got.name)
    run, trial = got.reproduce
    if not trial.isdecimal():
        parser.error(f"--reproduce RUN TRIAL: TRIAL is a number like 17, got {trial!r}")
    return Reproduce(Path(run), int(trial))


def _check_job_options(parser: argparse.ArgumentParser, got: argparse.Namespace) -> None:
    is_job = got.address.startswith(("http://", "https://"))
    for option in ("detach", "follow", "code"):
        if getattr(got, option) and not is_job:
            parser.error(f"--{option} goes with --address http://HEAD:8265")
    if got.follow and (got.space is not None or got.detach or got.code or got.dry_run):
        parser.error("--follow JOB goes with --address http://HEAD:8265 and nothing else")


def _add_job_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("jobs, with --address http://HEAD:8265")
    group.add_argument("--detach", action="store_true", help="submit, print the job's id, and leave")
    group.add_argument("--follow", metavar="JOB", help="follow a job that was submitted before")
    group.add_argument(
        "--code",
        choices=["upload", "installed"],
        help="send this project's code along (upload, default), or run what is installed there",
    )


def _parser() -> argparse.ArgumentParser:
    parser = parser_of(
        "search/run.py",
        "Search for the classifier, basis and sparse autoencoder with readable features.",
        EXAMPLES,
    )
    parser.add_argument(
        "space", nargs="?", type=Path, metavar="SPACE", help="space file, for example spaces/sae.yaml"
    )
    parser.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="A.B=C",
        help="override a value of the space file; C is YAML, also a whole domain; may be repeated",
    )
    parser.add_argument(
        "--trials", type=positive, metavar="N", help="target number of trials in total, also with --resume"
    )
    parser.add_argument("--seed", type=int, metavar="S", help="seed of the study (budget.seed)")
    parser.add_argument(
        "--out",
        type=Path,
        default=DEFAULT_OUT,
        metavar="DIR",
        help="where run directories go (default: runs)",
    )
    parser.add_argument(
        "--name", metavar="NAME", help="name of the run directory instead of <study>-<utc time>"
    )
    parser.add_argument(
        "--address",
        default="local",
        metavar="WHERE",
        help="local (default), auto (this machine's cluster), HOST:PORT, or http://HEAD:8265 (a job there)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="check the space, say what would happen, start nothing"
    )
    parser.add_argument("--json", action="store_true", help="the result as one JSON document on stdout")
    parser.add_argument("--no-report", action="store_true", help="end without making RUN/report")
    parser.add_argument(
        "--resume",
        metavar="RUN",
        help="go on with a run directory, or with the place of a shared run",
    )
    parser.add_argument(
        "--storage",
        metavar="PLACE",
        help="share the run at PLACE/NAME, PLACE a folder or URI that all nodes see (s3://bucket/prefix); "
        "needed on more than one node; 'none' ends the sharing of a resumed run",
    )
    parser.add_argument(
        "--take-over",
        action="store_true",
        help="with --resume of a shared run: take it from a driver that may be alive; that one stops",
    )
    parser.add_argument(
        "--retry-failed",
        action="store_true",
        help="with --resume: the settings of every failed trial once more, as new trials on top",
    )
    parser.add_argument(
        "--reproduce", nargs=2, metavar=("RUN", "TRIAL"), help="train one trial again and compare its metrics"
    )
    _add_job_options(parser)
    parser.add_argument("--version", action="version", version=f"sae-search {VERSION}")
    return parser

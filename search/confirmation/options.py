"""The options of `python search/confirm.py` and their help."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from search.cli.parser import parser_of, positive

EXAMPLES = """\
examples:
  python search/confirm.py runs/sae-20260101-120000                     as the space file's `confirm` says
  python search/confirm.py runs/sae-20260101-120000 --top 5 --seeds 10  more of both; what is trained is kept
  python search/confirm.py runs/sae-20260101-120000 --trial 17 --trial 23
  python search/confirm.py runs/sae-20260101-120000 --gpu 0.125         eight at a time share a GPU

The k best trials of the front and the default configuration are trained again, with seeds that no trial of
the search had, and scored on the test split, which no trial of the search saw, beside the sceptic's
panel: other codes of the same network with as many latents and codes an image (random, soft-frozen and
frozen dictionaries, data points, k-means, NMF, PCA, neurons), an untrained network, class means.
Only these numbers are quoted as results. After Ctrl-C or a crash the same command goes on.

exit codes:
  0 done   1 internal error   2 usage   3 too many trainings failed   4 nothing to confirm, or none completed
  5 cluster   6 no run directory, or in use   7 data missing or corrupt   8 disk   130, 143 stopped

The result goes to stdout and into RUN/confirm/, progress to stderr.
"""

MOST_GPUS = 64
"""As in a space file."""


@dataclass(frozen=True)
class Options:
    """The command line, typed."""

    run: Path
    top: int | None
    seeds: int | None
    trials: tuple[int, ...]
    address: str
    storage: str | None
    gpu: float | None
    json: bool
    every_metric: bool


def parse(arguments: list[str] | None = None) -> Options:
    """Read the command line; prints usage and exits with 2 where it is wrong."""
    parser = parser_of(
        "search/confirm.py",
        "Train the best trials of a run again with fresh seeds and score them on the test split.",
        EXAMPLES,
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="run directory of a search")
    parser.add_argument(
        "--top",
        type=positive,
        metavar="K",
        help="how many of the best trials (default: the space file's, 3)",
    )
    parser.add_argument(
        "--seeds", type=positive, metavar="N", help="fresh seeds for each (default: the space file's, 5)"
    )
    parser.add_argument(
        "--trial",
        dest="trials",
        type=int,
        action="append",
        default=[],
        metavar="T",
        help="confirm this trial instead of the best; may be repeated",
    )
    parser.add_argument(
        "--address",
        default="local",
        metavar="WHERE",
        help="local (default), auto (this machine's cluster), or HOST:PORT",
    )
    parser.add_argument(
        "--storage",
        metavar="PLACE",
        help="share it at PLACE/NAME/confirm (default: where the search was shared); 'none': nowhere",
    )
    parser.add_argument(
        "--gpu",
        type=_share,
        metavar="SHARE",
        help="GPU for each training, also a fraction of one (default: the space file's resources.gpu); "
        "trainings that share a GPU train their SAEs as one batch",
    )
    parser.add_argument("--json", action="store_true", help="the result as one JSON document on stdout")
    parser.add_argument(
        "--every-metric", action="store_true", help="print all metrics, not only those the study asks about"
    )
    got = parser.parse_args(arguments)
    if got.trials and got.top is not None:
        parser.error("--trial names the trials and --top counts them; give one of them")
    return Options(
        got.run,
        got.top,
        got.seeds,
        tuple(got.trials),
        got.address,
        got.storage,
        got.gpu,
        bool(got.json),
        bool(got.every_metric),
    )


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= MOST_GPUS:
        raise argparse.ArgumentTypeError(f"must be from 0 to {MOST_GPUS}")
    return value
